import { eventIdOf, without } from "../../../core/event/hash.ts";
import type { DraftPdu, EventRef, Pdu } from "../../../core/event/pdu.ts";
import { signEvent } from "../../../core/event/sign.ts";
import type { EventId, RoomId } from "../../../core/ids.ts";
import { StateWriter } from "../../../core/room-document/write-state.ts";
import { editsBy } from "../../../core/rooms/admit-event.ts";
import { buildEvent } from "../../../core/rooms/build-event.ts";
import { stateBefore } from "../../../core/rooms/state-view.ts";
import type { RoomVersion } from "../../../core/room-version/room-version.ts";
import { roomVersion } from "../../../core/room-version/table.ts";
import { rooms } from "../../../core/tables.ts";
import type { Draft } from "../../../core/transaction/draft.ts";
import type { StateHeads } from "../../../core/transaction/records.ts";
import type { LedgerBox } from "./ledger-box.ts";
import type { Said } from "./said.ts";
import { SIGNING_KEY } from "./ledger-box.ts";

/**
 * - `unchecked`: as the box would make it, allowed or not
 * - `elsewhere`: on other parents, rejected ones too, but citing what holds now
 * - `cites`: citing something else
 * - `changed`: with other content under its ID
 * - `soft-failed`: with the verdict of a door that let it in unseen
 */
export const WAYS_TO_FORGE = ["unchecked", "elsewhere", "cites", "changed", "soft-failed"] as const;
export type HowForged = (typeof WAYS_TO_FORGE)[number];

/** Writes an event into a box's journal past its door. Other boxes get it as they get any other. */
export function letIn(
  on: LedgerBox,
  room: RoomId,
  event: Said,
  how: HowForged,
  others: readonly EventId[],
): Promise<void> {
  return on.run((draft, _, env) => {
    const meta = draft.get(rooms, [room]);
    if (!meta) throw new Error("the room is known");
    const version = roomVersion(meta.version);
    const honest = buildEvent(draft, env, { ...event, room });
    const pdu = changed(version, honest, how, others);
    const id = eventIdOf(version, pdu);
    const parents = how === "elsewhere" ? others : meta.extremities;
    const state = stateAfterIt(draft, room, pdu, id, parents);
    const sent = how === "changed" ? { ...pdu, content: { ...pdu.content, body: "forged" } } : pdu;
    const mark = how === "soft-failed" ? { softFailed: true as const } : {};
    draft.stage({ kind: "event", id, room, pdu: sent, ...state, ...mark });
  });
}

function changed(
  version: RoomVersion,
  honest: Pdu,
  how: HowForged,
  others: readonly EventId[],
): Pdu {
  const refs = others.map((id): EventRef => {
    return version.eventId === "assigned" ? [id, { sha256: "" }] : id;
  });
  const unsigned = without(honest, "hashes", "signatures") as unknown as DraftPdu;
  if (how === "elsewhere") {
    return signEvent(version, { ...unsigned, prev_events: refs }, SIGNING_KEY);
  }
  if (how !== "cites") return honest;
  const cited = [...honest.auth_events.slice(1), ...refs.slice(0, 1)];
  return signEvent(version, { ...unsigned, auth_events: cited }, SIGNING_KEY);
}

/** The state that a box names that takes the event for good, with the changes that make it. */
function stateAfterIt(
  draft: Draft,
  room: RoomId,
  pdu: Pdu,
  id: EventId,
  parents: readonly EventId[],
): StateHeads {
  const accepted = parents.filter((parent) => draft.event(parent)?.rejected === undefined);
  const before = stateBefore({ view: draft, docs: draft.docs }, room, accepted);
  const edits = editsBy(before, pdu, id);
  if (edits.length === 0) return before.at;
  const { changes, state } = new StateWriter(draft.docs, room).write(before.at, edits);
  for (const change of changes) draft.stage(change);
  return state;
}
