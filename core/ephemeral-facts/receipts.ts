import { invalidParam } from "../errors.ts";
import { parseEventId } from "../ids.ts";
import type { EventId, RoomId, UserId } from "../ids.ts";
import type { Json } from "../json.ts";
import type { Env } from "../ports.ts";
import { runInRoom } from "../rooms/commands/run-in-room.ts";
import type { RoomDeps } from "../rooms/commands/run-in-room.ts";
import { requireJoined } from "../rooms/queries/room-facts.ts";
import { events, pusherCounts, puts } from "../tables.ts";
import type { Draft } from "../transaction/draft.ts";
import { millisecondsOf } from "../transaction/records.ts";
import { belongsToThread, goesBack, MAIN_TIMELINE, markedEvent } from "./read-position.ts";

export type MarkerType = "m.read" | "m.read.private" | "m.fully_read";

export interface Marker {
  readonly type: MarkerType;
  readonly event: EventId;
  /** An event ID or `main`; "" for an unthreaded receipt. */
  readonly thread: string;
}

export interface MarkersInput {
  readonly room: RoomId;
  readonly user: UserId;
  readonly markers: readonly Marker[];
}

/**
 * Moves read receipts and the fully-read marker. A marker never goes back: late requests change nothing.
 * https://spec.matrix.org/v1.19/client-server-api/#receipts
 * https://spec.matrix.org/v1.19/client-server-api/#fully-read-markers
 * @throws MatrixError 400 M_INVALID_PARAM, 403 M_FORBIDDEN
 */
export async function setMarkers(deps: RoomDeps, input: MarkersInput): Promise<void> {
  await runInRoom(deps, putMarkers, input);
}

export function putMarkers(draft: Draft, input: MarkersInput, env: Env): void {
  const { room, user } = input;
  requireJoined(draft, room, user);
  let hasRead = false;
  for (const marker of input.markers) {
    const { type, event, thread } = marker;
    const known = draft.get(events, [event]);
    if (known && known.room !== room) throw invalidParam(`${event} is not in this room.`);
    if (thread !== "" && !belongsToThread(draft, event, thread)) {
      throw invalidParam(`${event} is not in the thread ${thread}.`);
    }
    const value =
      type === "m.fully_read"
        ? { event_id: event }
        : { event_id: event, ts: millisecondsOf(env.time) };
    const [collection, key] =
      type === "m.fully_read"
        ? (["fully_read", [user, room]] as const)
        : (["receipt", [room, user, type, thread]] as const);
    const before = markedEvent(draft.get(puts, [collection, ...key])?.value);
    if (before === event || goesBack(draft, before, event)) continue;
    draft.putFact(collection, key, value);
    hasRead ||= type !== "m.fully_read";
  }
  if (hasRead && (draft.get(pusherCounts, [user]) ?? 0) > 0) draft.cause("push", { badge: user });
}

/**
 * A marker as a client names it.
 * @throws MatrixError 400 M_INVALID_PARAM
 */
export function parseMarker(type: string, event: unknown, thread: Json | undefined): Marker {
  if (type !== "m.read" && type !== "m.read.private" && type !== "m.fully_read") {
    throw invalidParam(`Receipt type ${type} is not known.`);
  }
  const id = parseEventId(event);
  if (!id) throw invalidParam(`${type} must stand at an event ID.`);
  if (thread === undefined) return { type, event: id, thread: "" };
  if (typeof thread !== "string" || thread === "") {
    throw invalidParam("thread_id field must be a non-empty string");
  }
  if (type === "m.fully_read") throw invalidParam(`thread_id does not go with ${type}`);
  if (thread !== MAIN_TIMELINE && !parseEventId(thread)) {
    throw invalidParam("thread_id must be 'main' or an event ID");
  }
  return { type, event: id, thread };
}
