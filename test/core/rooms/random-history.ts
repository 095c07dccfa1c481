import fc from "fast-check";
import type { RoomId } from "../../../core/ids.ts";
import { ROOM_DOCUMENT_LIMITS } from "../../../core/room-document/constants.ts";
import type { RoomDocumentLimits } from "../../../core/room-document/constants.ts";
import type { Entry } from "../../../mesh/journal/entry.ts";
import { attempt, attempted, slipIn } from "./attempts.ts";
import type { Attempt } from "./attempts.ts";
import { BOB, CAROL, DAVE, LedgerBox, START_MS } from "./ledger-box.ts";
import { openRoom } from "./said.ts";
import { WAYS_TO_FORGE } from "./slips.ts";
import type { HowForged } from "./slips.ts";

interface Act extends Attempt {
  readonly do: "act";
  readonly box: number;
}

/** One box hands some of its transactions to another. */
interface Carry {
  readonly do: "carry";
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** One box has an event take effect that it never checked, or changed on the way. */
interface Slip extends Attempt {
  readonly do: "slip";
  readonly box: number;
  readonly how: HowForged;
}

export interface History {
  readonly version: string;
  readonly boxes: number;
  /** How far the clock of each box is off, in seconds. */
  readonly skews: readonly number[];
  /** When documents are begun anew and split. */
  readonly roomLimits: RoomDocumentLimits;
  readonly steps: readonly (Act | Carry | Slip)[];
}

const BOXES_MAX = 4;
const box = fc.nat(BOXES_MAX - 1);

const act: fc.Arbitrary<Act> = fc.record({ do: fc.constant("act" as const), box, ...attempted });

const slip: fc.Arbitrary<Slip> = fc.record({
  do: fc.constant("slip" as const),
  box,
  ...attempted,
  how: fc.constantFrom(...WAYS_TO_FORGE),
});

const carry: fc.Arbitrary<Carry> = fc.record({
  do: fc.constant("carry" as const),
  from: box,
  to: box,
  count: fc.constantFrom(1, 2, 5, 100),
});

/** Mostly so small that nearly every event begins a document or splits one. */
const roomLimits: fc.Arbitrary<RoomDocumentLimits> = fc.oneof(
  { weight: 1, arbitrary: fc.constant(ROOM_DOCUMENT_LIMITS) },
  {
    weight: 4,
    arbitrary: fc.record({
      lengthMax: fc.constantFrom(1, 3, 5, 12),
      flatEntriesMax: fc.constantFrom(1, 3, 8),
      bucketEntriesMax: fc.constantFrom(1, 2, 4),
      bucketsBegunMax: fc.constantFrom(1, 2, 8),
    }),
  },
);

/**
 * Histories of a room on several boxes that mostly do not see each other.
 *
 * @param slips how many of ten steps are events that the boxes should not have let in
 */
export function histories(versions: readonly string[], slips = 0): fc.Arbitrary<History> {
  const step = fc.oneof(
    { weight: 5, arbitrary: act },
    { weight: 2, arbitrary: carry },
    { weight: slips, arbitrary: slip },
  );
  return fc.record({
    version: fc.constantFrom(...versions),
    boxes: fc.integer({ min: 2, max: BOXES_MAX }),
    skews: fc.array(fc.integer({ min: -60, max: 60 }), {
      minLength: BOXES_MAX,
      maxLength: BOXES_MAX,
    }),
    roomLimits,
    steps: fc.array(step, { minLength: 10, maxLength: 60, size: "max" }),
  });
}

export interface Played extends Disposable {
  readonly room: RoomId;
  readonly boxes: readonly LedgerBox[];
}

/** Lives through a history; in the end all boxes have met. */
export async function play(history: History): Promise<Played> {
  let seconds = 0;
  const boxes: LedgerBox[] = [];
  for (let i = 0; i < history.boxes; i++) {
    const skew = history.skews[i] ?? 0;
    const wall = (): number => START_MS + (100 + seconds + skew) * 1000;
    boxes.push(
      await LedgerBox.open({ name: "abcdefg".charAt(i), wall, roomLimits: history.roomLimits }),
    );
  }
  const at = (index: number): LedgerBox => boxes[index % boxes.length] as LedgerBox;
  const room = await openRoom(at(0), {
    version: history.version,
    members: [BOB, CAROL, DAVE],
    levels: {
      users: { [BOB]: 75, [CAROL]: 50 },
      events: { "m.room.power_levels": 50 },
      invite: 25,
    },
  });
  for (const other of boxes.slice(1)) await other.takeAll(at(0));
  for (const step of history.steps) {
    seconds++;
    if (step.do === "act") await attempt(at(step.box), room, step, boxes);
    else if (step.do === "slip") await slipIn(at(step.box), room, step, boxes);
    else await carryOver(at(step.from), at(step.to), step.count);
  }
  for (const other of boxes.slice(1)) await at(0).takeAll(other);
  for (const other of boxes.slice(1)) await other.takeAll(at(0));
  return {
    room,
    boxes,
    [Symbol.dispose]: () => {
      for (const each of boxes) each.close();
    },
  };
}

async function carryOver(from: LedgerBox, to: LedgerBox, count: number): Promise<void> {
  let left = count;
  for (const entry of from.entries) {
    if (left === 0) return;
    if (to.ledger.has(entry.transaction)) continue;
    await to.take(entry);
    left--;
  }
}

/** All entries in another order in which they could have arrived. */
export function inSomeOrder(entries: readonly Entry[], choices: readonly number[]): Entry[] {
  const queues = new Map<string, Entry[]>();
  for (const entry of entries) {
    const { origin } = entry.transaction;
    queues.set(origin, [...(queues.get(origin) ?? []), entry]);
  }
  const had = new Map<string, number>();
  const isReady = ({ transaction: { deps } }: Entry): boolean =>
    Object.entries(deps).every(([origin, seq]) => (had.get(origin) ?? 0) >= seq);
  const ordered: Entry[] = [];
  for (let i = 0; ordered.length < entries.length; i++) {
    const ready = [...queues.values()].filter(([next]) => next && isReady(next));
    const queue = ready[(choices[i % choices.length] ?? 0) % ready.length];
    const next = queue?.shift();
    if (!next) throw new Error("causes come before effects");
    had.set(next.transaction.origin, next.transaction.seq);
    ordered.push(next);
  }
  return ordered;
}
