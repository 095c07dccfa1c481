import { powerLevels } from "../auth/power.ts";
import { ruleContent } from "../auth/rule-content.ts";
import { redact } from "../event/redact.ts";
import { prevEventIds } from "../event/pdu.ts";
import type { Pdu } from "../event/pdu.ts";
import type { EventId } from "../ids.ts";
import { serverOf } from "../ids.ts";
import { roomVersion } from "../room-version/table.ts";
import type { RoomVersion } from "../room-version/room-version.ts";
import { events, pendingRedactions, rooms } from "../tables.ts";
import type { PendingRedaction, StoredEvent } from "../tables.ts";
import type { ApplyContext } from "../transaction/apply.ts";
import { logToTopic } from "../transaction/topics.ts";
import { authState, stateBefore } from "./state-view.ts";
import { isEarlier, keepEvent } from "./stored-event.ts";
import { dropRelation } from "./timeline-rows.ts";

/** Senders without power over an event that has not arrived whose redactions wait for it. */
export const PENDING_SENDERS_MAX = 16;

interface Redaction {
  readonly redaction: StoredEvent;
  readonly target: StoredEvent;
  readonly version: RoomVersion;
}

/** The event that a redaction names: beside the content in old room versions, inside it since 11. */
export function redactedBy(version: RoomVersion, pdu: Pdu): EventId | undefined {
  const named = version.updatedRedactionRedacts ? pdu.content["redacts"] : pdu["redacts"];
  return typeof named === "string" ? (named as EventId) : undefined;
}

/**
 * Does the redactions that the arrival of this event makes possible: its own, and those that waited
 * for it. The losing twin of a transaction redacts as well: where it arrived first, it has done so.
 */
export function redactOnArrival(context: ApplyContext, stored: StoredEvent): void {
  const { view } = context;
  const meta = view.get(rooms, [stored.room]);
  if (!meta) return;
  const version = roomVersion(meta.version);
  for (const { redaction: id } of takePending(context, stored)) {
    const redaction = view.get(events, [id]);
    if (redaction) applyRedaction(context, { redaction, target: stored, version });
  }
  if (stored.pdu.type !== "m.room.redaction" || stored.hidden === "soft-failed") return;
  const targetId = redactedBy(version, stored.pdu);
  if (targetId === undefined) return;
  const target = view.get(events, [targetId]);
  if (target) applyRedaction(context, { redaction: stored, target, version });
  else awaitTarget(context, version, stored, targetId);
}

/** The redactions that waited for an event, which wait no longer. */
export function takePending(
  { view }: ApplyContext,
  { room, id }: StoredEvent,
): readonly PendingRedaction[] {
  const waiting = view.get(pendingRedactions, [room, id]);
  if (waiting) view.del(pendingRedactions, [room, id]);
  return waiting ?? [];
}

/**
 * Keeps what may turn out to be the earliest valid redaction: of those with power over all events the
 * earliest, and the earliest of each other sender, who may be the target's. What is kept does not
 * depend on the order of arrival, and nobody can crowd out those with power.
 */
function awaitTarget(
  context: ApplyContext,
  version: RoomVersion,
  stored: StoredEvent,
  target: EventId,
): void {
  const { view } = context;
  const key: [typeof stored.room, EventId] = [stored.room, target];
  const entry = { redaction: stored.id, mayAll: mayRedactAll(context, version, stored) };
  const candidates = [...(view.get(pendingRedactions, key) ?? []), entry]
    .flatMap((pending) => {
      const redaction = view.get(events, [pending.redaction]);
      return redaction ? [{ pending, redaction }] : [];
    })
    .toSorted((a, b) => (isEarlier(a.redaction, b.redaction) ? -1 : 1));
  const powerful = candidates.filter(({ pending }) => pending.mayAll).slice(0, 1);
  const bySender = new Map<string, (typeof candidates)[number]>();
  for (const candidate of candidates) {
    const { sender } = candidate.redaction.pdu;
    if (!candidate.pending.mayAll && !bySender.has(sender)) bySender.set(sender, candidate);
  }
  const kept = [...powerful, ...[...bySender.values()].slice(0, PENDING_SENDERS_MAX)];
  view.put(
    pendingRedactions,
    key,
    kept.map(({ pending }) => pending),
  );
}

/**
 * Removes the target's content if the redaction may. Of several the earliest is named, on every box.
 * https://spec.matrix.org/v1.19/rooms/v12/#handling-redactions
 */
function applyRedaction(context: ApplyContext, found: Redaction): void {
  const { redaction, target, version } = found;
  const { view } = context;
  const current = view.get(events, [target.id]);
  if (!current || current.room !== redaction.room || current.rejected !== undefined) return;
  if (current.redactedBy !== undefined) {
    const earlier = view.get(events, [current.redactedBy]);
    if (earlier && isEarlier(earlier, redaction)) return;
  }
  if (!mayRedact(context, found)) return;
  const lost = ruleContent(version, current.pdu);
  keepEvent(context, {
    ...current,
    pdu: redact(version, current.pdu),
    redactedBy: redaction.id,
    ...(lost ? { ruleContent: lost } : {}),
  });
  dropRelation(context, current);
  logToTopic(context, `room:${target.room}`, { redacted: target.id, redaction: redaction.id });
}

/**
 * Another server answers for its own users, so what they redact of each other's is taken over. Those
 * of this server redact their own events, or others' with the power or the office to do so.
 */
function mayRedact(context: ApplyContext, { redaction, target, version }: Redaction): boolean {
  const { sender } = redaction.pdu;
  if (sender === target.pdu.sender) return true;
  const server = serverOf(sender);
  if (server !== context.serverName && server === serverOf(target.pdu.sender)) return true;
  return mayRedactAll(context, version, redaction);
}

function mayRedactAll(
  context: ApplyContext,
  version: RoomVersion,
  redaction: StoredEvent,
): boolean {
  if (redaction.byAdmin) return true;
  const before = stateBefore(context, redaction.room, prevEventIds(redaction.pdu));
  const levels = powerLevels(version, authState(context, before));
  return levels.user(redaction.pdu.sender) >= levels.redact;
}
