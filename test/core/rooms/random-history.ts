import fc from "fast-check";
import { MatrixError } from "../../../core/errors.ts";
import type { DeviceId, EventId, RoomId, UserId } from "../../../core/ids.ts";
import type { JsonObject } from "../../../core/json.ts";
import { ROOM_DOCUMENT_LIMITS } from "../../../core/room-document/constants.ts";
import type { RoomDocumentLimits } from "../../../core/room-document/constants.ts";
import { roomVersion } from "../../../core/room-version/table.ts";
import type { Entry } from "../../../mesh/journal/entry.ts";
import {
  ALICE,
  BOB,
  CAROL,
  DAVE,
  ERIN,
  LedgerBox,
  openRoom,
  said,
  send,
  START_MS,
} from "./ledger-box.ts";
import type { Said } from "./ledger-box.ts";
import { letIn, WAYS_TO_FORGE } from "./slips.ts";
import type { HowForged } from "./slips.ts";

const USERS = [ALICE, BOB, CAROL, DAVE, ERIN] as const;
const DEVICE = "PHONE" as DeviceId;
const LEVELS = [0, 25, 50, 75, 100] as const;

/** Somebody tries something on one box; numbers are reduced to what there is to choose from. */
interface Act {
  readonly do: "act";
  readonly box: number;
  readonly actor: number;
  readonly action: number;
  readonly target: number;
  readonly level: number;
}

/** One box hands some of its transactions to another. */
interface Carry {
  readonly do: "carry";
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** One box has an event take effect that it never checked, or changed on the way. */
interface Slip extends Omit<Act, "do"> {
  readonly do: "slip";
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

const attempted = {
  box,
  actor: fc.nat(USERS.length - 1),
  action: fc.nat(99),
  target: fc.nat(),
  level: fc.nat(LEVELS.length - 1),
};

const act: fc.Arbitrary<Act> = fc.record({ do: fc.constant("act" as const), ...attempted });

const slip: fc.Arbitrary<Slip> = fc.record({
  do: fc.constant("slip" as const),
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

type Attempt = Omit<Act, "do">;

function eventOf(
  on: LedgerBox,
  room: RoomId,
  step: Attempt,
  all: readonly LedgerBox[],
): Said | undefined {
  return step.action < 86 ? saying(on, room, step) : redacting(on, step, all);
}

async function slipIn(
  on: LedgerBox,
  room: RoomId,
  step: Slip,
  all: readonly LedgerBox[],
): Promise<void> {
  const event = eventOf(on, room, step, all);
  const elsewhere = [anyEvent(on, step.target), anyEvent(on, step.target + step.level)];
  if (event)
    await letIn(
      on,
      room,
      event,
      step.how,
      elsewhere.filter((id) => id !== undefined),
    );
}

async function attempt(
  on: LedgerBox,
  room: RoomId,
  step: Act,
  all: readonly LedgerBox[],
): Promise<void> {
  const event = eventOf(on, room, step, all);
  if (!event) return;
  // Few transaction IDs, so that a client seems to repeat itself on another box.
  const txn = { device: DEVICE, id: `${step.actor}-${step.target % 3}` };
  try {
    await send(on, room, event, step.action % 2 === 0 ? txn : undefined);
  } catch (error) {
    if (!(error instanceof MatrixError) || error.status !== 403) throw error;
  }
}

function saying(on: LedgerBox, room: RoomId, step: Attempt): Said | undefined {
  const sender = USERS[step.actor] as UserId;
  const target = USERS[step.target % USERS.length] as UserId;
  const level = LEVELS[step.level] ?? 0;
  const { action } = step;
  if (action < 20) return said.message(sender, `${step.target}`, relation(on, step));
  if (action < 32) return said.topic(sender, `${step.target}`);
  if (action < 38) return said.state(sender, "org.example", { n: step.target }, target);
  if (action < 46) return said.member(sender, target, "ban");
  if (action < 54) return said.member(sender, target, "leave");
  if (action < 59) return said.join(sender);
  if (action < 68) return said.member(sender, target, "invite");
  if (action < 74) {
    const rule = (["public", "invite", "knock"] as const)[step.target % 3] ?? "public";
    return said.state(sender, "m.room.join_rules", { join_rule: rule });
  }
  return levelsOf(on, room, sender, target, level);
}

/** A redaction of something that the sender saw, here or, before the client moved, on another box. */
function redacting(on: LedgerBox, step: Attempt, all: readonly LedgerBox[]): Said | undefined {
  const seenOn = step.level < 3 ? on : (all[step.target % all.length] ?? on);
  const victim =
    step.action % 2 === 0
      ? anyEvent(seenOn, step.target)
      : anyEvent(seenOn, step.target, (type) => type === "m.room.power_levels");
  return victim && said.redaction(USERS[step.actor] as UserId, victim);
}

function relation(on: LedgerBox, step: Attempt): JsonObject {
  const parent = step.level === 0 ? anyEvent(on, step.target) : undefined;
  return parent ? { "m.relates_to": { rel_type: "m.reference", event_id: parent } } : {};
}

/** The power levels as the box has them, with one level changed. */
function levelsOf(
  on: LedgerBox,
  room: RoomId,
  sender: UserId,
  target: UserId,
  level: number,
): Said | undefined {
  const id = on.stateOf(room, "m.room.power_levels");
  const content = id && on.event(id).pdu.content;
  if (!content) return undefined;
  const users = { ...(content["users"] as JsonObject), [target]: level };
  const creatorPower = roomVersion(on.room(room).version).auth.creatorPower;
  if (creatorPower) delete (users as Record<string, unknown>)[ALICE];
  const invite = level === 100 ? {} : { invite: level };
  return said.state(sender, "m.room.power_levels", { ...content, users, ...invite });
}

/** Some event that the box knows. */
function anyEvent(
  on: LedgerBox,
  n: number,
  isMeant: (type: string) => boolean = () => true,
): EventId | undefined {
  const ids = on.entries.flatMap(({ transaction }) =>
    transaction.records.flatMap((record) =>
      record.kind === "event" && isMeant(record.pdu.type) ? [record.id] : [],
    ),
  );
  return ids[n % ids.length];
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
