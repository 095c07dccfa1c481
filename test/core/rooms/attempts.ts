import fc from "fast-check";
import { MatrixError } from "../../../core/errors.ts";
import type { DeviceId, EventId, RoomId, UserId } from "../../../core/ids.ts";
import type { JsonObject } from "../../../core/json.ts";
import { roomVersion } from "../../../core/room-version/table.ts";
import { ALICE, BOB, CAROL, DAVE, ERIN } from "./ledger-box.ts";
import type { LedgerBox } from "./ledger-box.ts";
import { said, send } from "./said.ts";
import type { Said } from "./said.ts";
import { letIn } from "./slips.ts";
import type { HowForged } from "./slips.ts";

const USERS = [ALICE, BOB, CAROL, DAVE, ERIN] as const;
const DEVICE = "PHONE" as DeviceId;
const LEVELS = [0, 25, 50, 75, 100] as const;

/** Somebody tries something; numbers are reduced to what there is to choose from. */
export interface Attempt {
  readonly actor: number;
  readonly action: number;
  readonly target: number;
  readonly level: number;
}

export const attempted = {
  actor: fc.nat(USERS.length - 1),
  action: fc.nat(99),
  target: fc.nat(),
  level: fc.nat(LEVELS.length - 1),
};

/** Does it on one box, as clients do; `all` are the boxes that they may have seen before. */
export async function attempt(
  on: LedgerBox,
  room: RoomId,
  step: Attempt,
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

/** Has the event take effect on one box, forged. */
export async function slipIn(
  on: LedgerBox,
  room: RoomId,
  step: Attempt & { readonly how: HowForged },
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

function eventOf(
  on: LedgerBox,
  room: RoomId,
  step: Attempt,
  all: readonly LedgerBox[],
): Said | undefined {
  return step.action < 86 ? saying(on, room, step) : redacting(on, step, all);
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
