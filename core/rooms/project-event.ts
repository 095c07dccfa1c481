import { AuthError } from "../auth/auth-error.ts";
import { authorise } from "../auth/authorise.ts";
import { eventIdOf } from "../event/hash.ts";
import { prevEventIds } from "../event/pdu.ts";
import type { Pdu } from "../event/pdu.ts";
import { roomVersion } from "../room-version/table.ts";
import type { EventId } from "../ids.ts";
import { events, relations, rooms, timeline, transactions } from "../tables.ts";
import type { RoomMeta, StoredEvent } from "../tables.ts";
import type { ApplyContext } from "../transaction/apply.ts";
import type { EventRecord } from "../transaction/records.ts";
import { logToTopic } from "../transaction/topics.ts";
import { moveCurrentState } from "./current-state.ts";
import { redactionsFor, applyRedaction } from "./project-redaction.ts";
import { authState, stateBefore } from "./state-view.ts";

/**
 * Takes an event into its room: store, forward extremities, current state, timeline. `checked` is set
 * where this very transaction authorised the event. An event that fails its auth rules at its place is
 * kept, so that it is not asked for again, and counts for nothing.
 * https://spec.matrix.org/v1.19/server-server-api/#checks-performed-on-receipt-of-a-pdu
 */
export function projectEvent(context: ApplyContext, record: EventRecord, checked: boolean): void {
  const { view } = context;
  if (view.get(events, [record.id])) return;
  const rejected = checked ? undefined : reasonToReject(context, record);
  const hidden = record.softFailed ? "soft-failed" : hideDuplicate(context, record);
  const stored: StoredEvent = {
    id: record.id,
    room: record.room,
    pdu: record.pdu,
    heads: record.heads,
    origin: context.dot.origin,
    seq: context.dot.seq,
    time: context.time,
    ...(record.txn ? { txn: record.txn } : {}),
    ...(rejected === undefined ? {} : { rejected }),
    ...(rejected === undefined && hidden ? { hidden } : {}),
  };
  view.put(events, [record.id], stored);
  if (rejected !== undefined) return;
  if (!record.softFailed) extendRoom(context, stored);
  if (!hidden) show(context, stored);
  for (const redaction of redactionsFor(context, stored)) applyRedaction(context, redaction);
}

function versionOf(context: ApplyContext, record: EventRecord): string | undefined {
  const meta = context.view.get(rooms, [record.room]);
  if (meta) return meta.version;
  if (record.pdu.type !== "m.room.create") return undefined;
  const version = record.pdu.content["room_version"];
  return typeof version === "string" ? version : "1";
}

/** Why an event made elsewhere must not count, if so. */
function reasonToReject(context: ApplyContext, record: EventRecord): string | undefined {
  const name = versionOf(context, record);
  if (name === undefined) return "its room has no create event";
  const { view, docs } = context;
  try {
    const version = roomVersion(name);
    if (eventIdOf(version, record.pdu) !== record.id) return "its hash is not its event ID";
    const parents = prevEventIds(record.pdu);
    for (const id of parents) {
      const parent = view.get(events, [id]);
      if (!parent || parent.room !== record.room) return `its parent ${id} is not in the room`;
      if (parent.rejected !== undefined) return `its parent ${id} was rejected`;
    }
    if (!docs.contains(`room:${record.room}`, record.heads)) return "its state is not known";
    const before = stateBefore(context, record.room, parents);
    authorise(version, record.pdu, authState(context, before));
  } catch (error) {
    if (error instanceof AuthError) return error.message;
    throw error;
  }
  return undefined;
}

/**
 * When two boxes that could not see each other both took a retried request, the earlier event is
 * shown, the same one everywhere. Returns what hides the event that arrives.
 */
function hideDuplicate(context: ApplyContext, record: EventRecord): "duplicate" | undefined {
  if (!record.txn) return undefined;
  const { view } = context;
  const key: [typeof record.pdu.sender, typeof record.txn.device, string] = [
    record.pdu.sender,
    record.txn.device,
    record.txn.id,
  ];
  const earlierId = view.get(transactions, key);
  const twin = earlierId === undefined ? undefined : view.get(events, [earlierId]);
  if (!twin || twin.rejected !== undefined) {
    view.put(transactions, key, record.id);
    return undefined;
  }
  if (isBefore(twin.pdu, twin.id, record.pdu, record.id)) return "duplicate";
  view.put(transactions, key, record.id);
  view.put(events, [twin.id], { ...twin, hidden: "duplicate" });
  view.del(timeline, [twin.room, twin.pdu.depth, twin.pdu.origin_server_ts, twin.id]);
  return undefined;
}

function isBefore(a: Pdu, aId: EventId, b: Pdu, bId: EventId): boolean {
  if (a.origin_server_ts !== b.origin_server_ts) return a.origin_server_ts < b.origin_server_ts;
  return aId < bId;
}

/** The event becomes a forward extremity in place of its parents; the current state follows. */
function extendRoom(context: ApplyContext, stored: StoredEvent): void {
  const { view } = context;
  const before = view.get(rooms, [stored.room]);
  if (!before && stored.pdu.type !== "m.room.create") return;
  const parents = new Set(prevEventIds(stored.pdu));
  const extremities = (before?.extremities ?? []).filter((id) => !parents.has(id));
  // A parent arrives before its children, so nothing known points to the new event.
  const meta: RoomMeta = {
    version: before?.version ?? versionOfCreate(stored.pdu),
    create: before?.create ?? stored.id,
    extremities: [...extremities, stored.id].toSorted(),
    depth: Math.max(before?.depth ?? 0, stored.pdu.depth),
    heads: before?.heads ?? [],
    ...(before?.patch ? { patch: before.patch } : {}),
    joined: before?.joined ?? 0,
    invited: before?.invited ?? 0,
  };
  moveCurrentState(context, stored, meta);
}

function versionOfCreate(create: Pdu): string {
  const version = create.content["room_version"];
  return typeof version === "string" ? version : "1";
}

/** Puts a visible event where clients find it. */
function show(context: ApplyContext, stored: StoredEvent): void {
  const { view, dot } = context;
  const { pdu, id, room } = stored;
  const ts = pdu.origin_server_ts;
  view.put(timeline, [room, pdu.depth, ts, id], { origin: dot.origin, seq: dot.seq });
  logToTopic(context, `room:${room}`, {
    e: id,
    depth: pdu.depth,
    ts,
    ...(pdu.state_key === undefined ? {} : { state: true as const }),
  });
  const related = relationOf(pdu);
  if (related) {
    view.put(relations, [room, related.parent, related.type, pdu.depth, ts, id], {
      type: pdu.type,
      sender: pdu.sender,
    });
  }
}

function relationOf(pdu: Pdu): { parent: EventId; type: string } | undefined {
  const relatesTo = pdu.content["m.relates_to"];
  if (typeof relatesTo !== "object" || relatesTo === null || Array.isArray(relatesTo)) {
    return undefined;
  }
  const { rel_type: type, event_id: parent } = relatesTo as Record<string, unknown>;
  if (typeof type !== "string" || typeof parent !== "string") return undefined;
  return { parent: parent as EventId, type };
}
