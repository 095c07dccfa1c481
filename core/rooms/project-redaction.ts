import { powerLevels } from "../auth/power.ts";
import { redact } from "../event/redact.ts";
import { prevEventIds } from "../event/pdu.ts";
import type { Pdu } from "../event/pdu.ts";
import type { EventId } from "../ids.ts";
import { serverOf } from "../ids.ts";
import { roomVersion } from "../room-version/table.ts";
import type { RoomVersion } from "../room-version/room-version.ts";
import { events, pendingRedactions, rooms } from "../tables.ts";
import type { StoredEvent } from "../tables.ts";
import type { ApplyContext } from "../transaction/apply.ts";
import { logToTopic } from "../transaction/topics.ts";
import { authState, stateBefore } from "./state-view.ts";

/** Redactions that wait for one event; more are dropped, since one is enough. */
const PENDING_REDACTIONS_MAX = 16;

export interface Redaction {
  readonly redaction: StoredEvent;
  readonly target: StoredEvent;
  readonly version: RoomVersion;
}

/** The event that a redaction names: beside the content in old room versions, inside it since 11. */
export function redactedBy(version: RoomVersion, pdu: Pdu): EventId | undefined {
  const named = version.updatedRedactionRedacts ? pdu.content["redacts"] : pdu["redacts"];
  return typeof named === "string" ? (named as EventId) : undefined;
}

/** Redactions that the arrival of this event makes possible: its own, and those that waited for it. */
export function redactionsFor(context: ApplyContext, stored: StoredEvent): Redaction[] {
  const { view } = context;
  const meta = view.get(rooms, [stored.room]);
  if (!meta) return [];
  const version = roomVersion(meta.version);
  const found: Redaction[] = [];
  const waiting = view.get(pendingRedactions, [stored.id]);
  for (const id of waiting ?? []) {
    const redaction = view.get(events, [id]);
    if (redaction) found.push({ redaction, target: stored, version });
  }
  if (waiting) view.del(pendingRedactions, [stored.id]);
  if (stored.pdu.type !== "m.room.redaction" || stored.hidden) return found;
  const targetId = redactedBy(version, stored.pdu);
  if (targetId === undefined) return found;
  const target = view.get(events, [targetId]);
  if (target) return [...found, { redaction: stored, target, version }];
  const pending = view.get(pendingRedactions, [targetId]) ?? [];
  if (pending.length < PENDING_REDACTIONS_MAX) {
    view.put(pendingRedactions, [targetId], [...pending, stored.id]);
  }
  return found;
}

/**
 * Removes the target's content if the redaction may. Of several the earliest is named, on every box.
 * https://spec.matrix.org/v1.19/rooms/v12/#handling-redactions
 */
export function applyRedaction(context: ApplyContext, found: Redaction): void {
  const { redaction, target, version } = found;
  const { view } = context;
  const current = view.get(events, [target.id]);
  if (!current || current.room !== redaction.room) return;
  if (current.redactedBy !== undefined) {
    const earlier = view.get(events, [current.redactedBy]);
    if (earlier && comesBefore(earlier, redaction)) return;
  }
  if (!mayRedact(context, found)) return;
  view.put(events, [target.id], {
    ...current,
    pdu: redact(version, current.pdu),
    redactedBy: redaction.id,
  });
  logToTopic(context, `room:${target.room}`, { redacted: target.id, redaction: redaction.id });
}

function comesBefore(a: StoredEvent, b: StoredEvent): boolean {
  const [aTs, bTs] = [a.pdu.origin_server_ts, b.pdu.origin_server_ts];
  return aTs === bTs ? a.id < b.id : aTs < bTs;
}

function mayRedact(context: ApplyContext, { redaction, target, version }: Redaction): boolean {
  if (version.auth.redactions) return true;
  if (serverOf(redaction.pdu.sender) === serverOf(target.pdu.sender)) return true;
  const before = stateBefore(context, redaction.room, prevEventIds(redaction.pdu));
  const levels = powerLevels(version, authState(context, before));
  return levels.user(redaction.pdu.sender) >= levels.redact;
}
