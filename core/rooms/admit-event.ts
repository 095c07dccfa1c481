import { isAdmin } from "../account/accounts.ts";
import { assert, notFound } from "../errors.ts";
import { eventIdOf, roomIdOf } from "../event/hash.ts";
import type { Pdu } from "../event/pdu.ts";
import { stateKeyOf } from "../event/state-key.ts";
import type { EventId, RoomId } from "../ids.ts";
import { roomVersion, roomVersionOf } from "../room-version/table.ts";
import type { RoomVersion } from "../room-version/room-version.ts";
import { events, rooms } from "../tables.ts";
import { StateWriter } from "../room-document/write-state.ts";
import type { StateEdit, WrittenState } from "../room-document/write-state.ts";
import type { ApplyContext } from "../transaction/apply.ts";
import type { ChangeRecord, EventRecord } from "../transaction/records.ts";
import { authoriseInRoom } from "./authorise-in-room.ts";
import type { BaseState } from "./state-view.ts";

/**
 * The door by which an event of this server enters: authorised at its place, then given its state.
 * Where its parents' states differ, the resolved difference and the event's own change become one
 * change of the room document, and of its buckets. Throws MatrixError 403, 404.
 */
export function admitEvent(
  context: ApplyContext,
  pdu: Pdu,
): { readonly changes: readonly ChangeRecord[]; readonly record: EventRecord } {
  const version = versionFor(context, pdu);
  const room = roomIdOf(version, pdu);
  const id = eventIdOf(version, pdu);
  assert(!context.view.get(events, [id]), "an event enters once");
  const before = authoriseInRoom(context, version, room, pdu);
  const { changes, state } = writeState(context, room, before, pdu, id);
  const byAdmin = pdu.type === "m.room.redaction" && isAdmin(context.view, pdu.sender);
  const mark = byAdmin ? { byAdmin } : {};
  return { changes, record: { kind: "event", id, room, pdu, ...state, ...mark } };
}

function versionFor(context: ApplyContext, pdu: Pdu): RoomVersion {
  if (pdu.type === "m.room.create") return roomVersionOf(pdu);
  const meta = pdu.room_id === undefined ? undefined : context.view.get(rooms, [pdu.room_id]);
  if (!meta) throw notFound("This room is not known here.");
  return roomVersion(meta.version);
}

function writeState(
  { docs }: ApplyContext,
  room: RoomId,
  before: BaseState,
  pdu: Pdu,
  id: EventId,
): WrittenState {
  const edits = editsBy(before, pdu, id);
  if (edits.length === 0) return { changes: [], state: before.at };
  return new StateWriter(docs, room).write(before.at, edits);
}

/** What an event and the resolution of its parents' states change in the document. */
export function editsBy(before: BaseState, pdu: Pdu, id: EventId): StateEdit[] {
  const edits = new Map(before.edits);
  if (pdu.state_key !== undefined) edits.set(stateKeyOf(pdu.type, pdu.state_key), id);
  return [...edits];
}
