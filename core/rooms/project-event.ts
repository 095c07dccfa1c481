import { prevEventIds } from "../event/pdu.ts";
import type { Pdu } from "../event/pdu.ts";
import { roomVersionOf } from "../room-version/table.ts";
import { stateHeads } from "../room-document/names.ts";
import { effects, events, rooms, transactions } from "../tables.ts";
import type { RoomMeta, StoredEvent } from "../tables.ts";
import { boxOf, incarnationOf } from "../vector.ts";
import type { ApplyContext } from "../transaction/apply.ts";
import type { EventRecord } from "../transaction/records.ts";
import { moveCurrentState } from "./current-state.ts";
import { judgeEvent } from "./judge-event.ts";
import type { Verdict } from "./judge-event.ts";
import { noteWithoutEffect } from "./no-member.ts";
import { redactOnArrival, takePending } from "./project-redaction.ts";
import { isEarlier, keepEvent } from "./stored-event.ts";
import { hide, show } from "./timeline-rows.ts";

/**
 * Takes an event into its room: store, forward extremities, current state, timeline. `checked` is set
 * where this very transaction authorised the event. An event that fails its auth rules at its place is
 * kept, so that it is not asked for again, and counts for nothing.
 * https://spec.matrix.org/v1.19/server-server-api/#checks-performed-on-receipt-of-a-pdu
 */
export function projectEvent(context: ApplyContext, record: EventRecord, checked: boolean): void {
  const known = context.view.get(events, [record.id]);
  // An outlier may get its place later; whatever has one keeps it.
  if (known && (known.hidden !== "outlier" || record.entered === "outlier")) return;
  const { pdu, rejected }: Verdict = checked ? record : judgeEvent(context, record);
  const stored: StoredEvent = {
    id: record.id,
    room: record.room,
    pdu,
    ...stateHeads(record),
    origin: context.dot.origin,
    seq: context.dot.seq,
    time: context.time,
    ...(record.txn ? { txn: record.txn } : {}),
    ...(record.byAdmin ? { byAdmin: true as const } : {}),
  };
  if (rejected !== undefined) {
    keepEvent(context, { ...stored, rejected });
    takePending(context, stored);
    return;
  }
  const hidden = reasonToHide(context, record, stored);
  const kept: StoredEvent = hidden ? { ...stored, hidden } : stored;
  keepEvent(context, kept);
  if (hidden === "outlier") return;
  const isNews = record.entered !== "backfilled";
  if (isNews && hidden !== "soft-failed") extendRoom(context, kept);
  noteWithoutEffect(context, kept);
  if (!hidden) show(context, kept, isNews);
  redactOnArrival(context, kept);
}

function reasonToHide(
  context: ApplyContext,
  record: EventRecord,
  stored: StoredEvent,
): StoredEvent["hidden"] {
  if (record.entered === "outlier") return "outlier";
  return record.softFailed ? "soft-failed" : hideDuplicate(context, stored);
}

/**
 * When two boxes that could not see each other both took a retried request, the earlier event is
 * shown, the same one everywhere. Returns what hides the event that arrives.
 */
function hideDuplicate(context: ApplyContext, stored: StoredEvent): "duplicate" | undefined {
  if (!stored.txn) return undefined;
  const { view } = context;
  const { device, id } = stored.txn;
  const key: [typeof stored.pdu.sender, typeof device, string] = [stored.pdu.sender, device, id];
  const twinId = view.get(transactions, key);
  const twin = twinId === undefined ? undefined : view.get(events, [twinId]);
  if (twin && isEarlier(twin, stored)) {
    awaitRemoval(context, stored);
    return "duplicate";
  }
  view.put(transactions, key, stored.id);
  if (!twin) return undefined;
  keepEvent(context, { ...twin, hidden: "duplicate" });
  hide(context, twin);
  awaitRemoval(context, twin);
  return undefined;
}

/** Clients that were told of the twin that is not shown learn that it is gone; `twin-lane.ts` does it. */
function awaitRemoval({ view }: ApplyContext, { id, pdu, origin, seq, time }: StoredEvent): void {
  // Clients show no redactions, and its effect is right.
  if (pdu.type === "m.room.redaction") return;
  const place = [boxOf(origin), incarnationOf(origin), seq, 0] as const;
  view.put(effects, ["twin", ...place], { effect: { event: id }, time });
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
    ...(before ? stateHeads(before) : { heads: [] }),
    ...(before?.patch ? { patch: before.patch } : {}),
    joined: before?.joined ?? 0,
    invited: before?.invited ?? 0,
  };
  moveCurrentState(context, stored, meta);
}

function versionOfCreate(create: Pdu): string {
  return roomVersionOf(create).id;
}
