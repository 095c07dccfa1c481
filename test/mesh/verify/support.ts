import type { BoxId } from "../../../core/ids.ts";
import type { Timers } from "../../../core/ports.ts";
import { boxOf } from "../../../core/vector.ts";
import { MemoryStore } from "../../../mesh/store/memory-store.ts";
import { VerifyDesk } from "../../../mesh/verify/verify-desk.ts";
import { BOB, CAROL, LedgerBox } from "../../core/rooms/ledger-box.ts";
import { openRoom, said, send } from "../../core/rooms/said.ts";
import { FakeTimers } from "../transport/fake-timers.ts";

/** A desk over what is on the disk of a box, whatever the box itself has in memory. */
export function deskOf(box: LedgerBox, refusal?: string): VerifyDesk {
  return new VerifyDesk({
    box: boxOf(box.origin),
    store: new MemoryStore(box.disk),
    timers: new FakeTimers(),
    refusal: () => refusal,
  });
}

/** Timers of whoever compares: each wait is over at once, after `meanwhile` has happened. */
export function hurried(meanwhile: () => Promise<void> = () => Promise.resolve()): Timers {
  return {
    after: (_, run) => {
      void meanwhile().then(run);
      return { cancel: () => undefined };
    },
    elapsed: () => 0,
  };
}

export const boxIds = (boxes: readonly LedgerBox[]): BoxId[] =>
  boxes.map(({ origin }) => boxOf(origin));

/** Boxes with the same entries: rooms with people, messages, and fields of documents. */
export async function equalBoxes(names: readonly string[]): Promise<LedgerBox[]> {
  const boxes = await Promise.all(names.map((name) => LedgerBox.open({ name })));
  const [first, ...others] = boxes;
  if (!first) return boxes;
  for (let i = 0; i < 3; i++) {
    const room = await openRoom(first, { members: [BOB, CAROL] });
    for (let n = 0; n < 20; n++) await send(first, room, said.message(BOB, `message ${n}`));
  }
  await first.run((draft) => {
    for (const name of ["kitchen", "attic"]) draft.setField("mesh", "notes", name, true);
    draft.putFact("receipt", ["!room", BOB, "m.read", ""], { event_id: "$a", ts: 1 });
  });
  for (const other of others) await other.takeAll(first);
  return boxes;
}
