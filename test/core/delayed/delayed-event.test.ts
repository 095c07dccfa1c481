import { expect, test } from "vitest";
import { allDelayed } from "../../../core/delayed/delayed-event.ts";
import { schedule } from "../../../core/delayed/schedule.ts";
import type { DeviceId } from "../../../core/ids.ts";
import { puts } from "../../../core/tables.ts";
import { encodeKey } from "../../../mesh/store/keys.ts";
import { ALICE, LedgerBox } from "../rooms/ledger-box.ts";
import { openRoom } from "../rooms/said.ts";

/** More than are looked through at a time, and than may be scheduled: years of calls. */
const FORGOTTEN = 20_500;

test("an event is found behind all those that were forgotten", async () => {
  const box = await LedgerBox.open();
  const room = await openRoom(box);
  const requester = { user: ALICE, device: "PHONE" as DeviceId };
  const event = { requester, room, type: "m.room.message", content: {}, delayMs: 1000, forget: [] };
  for (const id of ["first", "zzz"]) {
    await box.run((draft, _, env) => schedule(draft, { ...event, id }, env));
  }
  const empty = JSON.stringify({ time: 1, origin: box.origin });
  box.disk.write(
    Array.from({ length: FORGOTTEN }, (_, i) => ({
      type: "put",
      key: encodeKey(puts, ["delayed", `gone ${i}`]),
      value: empty,
    })),
  );
  using snapshot = box.state.snapshot();
  expect((await allDelayed(snapshot)).map(({ id }) => id)).toEqual(["first", "zzz"]);
  box.close();
});
