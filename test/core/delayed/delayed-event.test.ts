import { afterEach, beforeEach, expect, test } from "vitest";
import { allDelayed, delayedOf } from "../../../core/delayed/delayed-event.ts";
import { endDelayed } from "../../../core/delayed/manage.ts";
import { schedule } from "../../../core/delayed/schedule.ts";
import type { DeviceId, RoomId, UserId } from "../../../core/ids.ts";
import type { Snapshot } from "../../../core/ports.ts";
import { ALICE, BOB, LedgerBox } from "../rooms/ledger-box.ts";
import { openRoom } from "../rooms/said.ts";

/** More than are read at once. */
const MANY = 1100;

let box: LedgerBox;
let room: RoomId;
beforeEach(async () => {
  box = await LedgerBox.open();
  room = await openRoom(box, { members: [BOB] });
});
afterEach(() => box.close());

function later(user: UserId, id: string, forget: readonly string[] = []): Promise<void> {
  const requester = { user, device: "PHONE" as DeviceId };
  const event = { requester, room, type: "m.room.message", content: {}, delayMs: 1000 };
  return box.run((draft, _, env) => schedule(draft, { ...event, id, forget }, env));
}

/** A snapshot that counts the rows that are read from it. */
function counted(): { readonly snapshot: Snapshot; readonly rows: () => number } {
  const inner = box.state.snapshot();
  let rows = 0;
  const snapshot: Snapshot = {
    vector: inner.vector,
    get: (table, key) => {
      rows++;
      return inner.get(table, key);
    },
    range: async (table, range) => {
      const found = await inner.range(table, range);
      rows += found.length;
      return found;
    },
    close: () => inner.close(),
    [Symbol.dispose]: () => inner.close(),
  };
  return { snapshot, rows: () => rows };
}

test("all are found, and those of one user, beyond what is read at once", async () => {
  const ids = Array.from({ length: MANY }, (_, i) => `id ${String(i).padStart(4, "0")}`);
  await Promise.all(ids.map((id) => later(ALICE, id)));
  await later(BOB, "bob's");
  using snapshot = box.state.snapshot();
  expect((await delayedOf(snapshot, ALICE)).map(({ id }) => id)).toEqual(ids);
  expect((await delayedOf(snapshot, BOB)).map(({ id }) => id)).toEqual(["bob's"]);
  const all = await Array.fromAsync(allDelayed(snapshot), ({ id }) => id);
  expect(all).toEqual([...ids, "bob's"]);
});

test("one that is over is known until it is forgotten", async () => {
  await later(ALICE, "old");
  await box.run((draft, _, env) => endDelayed(draft, { id: "old" }, env));
  using before = box.state.snapshot();
  expect(await delayedOf(before, ALICE)).toMatchObject([{ id: "old", ending: {} }]);
  await later(ALICE, "new", ["old"]);
  using after = box.state.snapshot();
  expect((await delayedOf(after, ALICE)).map(({ id }) => id)).toEqual(["new"]);
});

test("nothing is read of what was forgotten, and nothing of other users' for one", async () => {
  const gone = Array.from({ length: 50 }, (_, i) => `gone ${i}`);
  for (const id of gone) await later(ALICE, id);
  await later(BOB, "bob's", gone);
  await later(ALICE, "first");
  // A row of the list, and the three facts of each event.
  for (const [read, most] of [
    [(snapshot: Snapshot) => delayedOf(snapshot, ALICE), 4],
    [(snapshot: Snapshot) => Array.fromAsync(allDelayed(snapshot)), 8],
  ] as const) {
    const { snapshot, rows } = counted();
    using _ = snapshot;
    expect(await read(snapshot)).toHaveLength(most / 4);
    expect(rows()).toBe(most);
  }
});
