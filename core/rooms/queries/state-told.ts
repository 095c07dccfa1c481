import { prevEventIds } from "../../event/pdu.ts";
import type { EventId, RoomId } from "../../ids.ts";
import type { Point, PageToken } from "../../timeline/page-token.ts";
import { comparePositions, positionOf } from "../../timeline/position.ts";
import type { StoredEvent } from "../../tables.ts";
import { events, rooms } from "../../tables.ts";
import { covers } from "../../vector.ts";
import type { StateView } from "../../room-document/document-state.ts";
import { stateBefore } from "../state-view.ts";
import type { StateDeps } from "../state-view.ts";

/** Newer events that are passed on the way back to the moment of a token. */
const EVENTS_MAX = 5000;

/**
 * The state of a room as a client with this token had been told of it: what the newest events that it
 * covers resolve to, on all branches of the room. Undefined where they lie too far back.
 */
export function stateTold(
  deps: StateDeps,
  room: RoomId,
  token: Pick<PageToken, "point" | "vector">,
): StateView | undefined {
  const isTold = (event: StoredEvent): boolean =>
    covers(token.vector, event) && (!token.point || isBehind(event, token.point));
  const newest = newestOf(deps, room, isTold);
  const ends = withoutPast(deps, newest).map(({ id }) => id);
  return ends.length === 0 ? undefined : stateBefore(deps, room, ends);
}

/** An event that another one follows adds nothing: its state is part of what the other's came from. */
function withoutPast({ view }: StateDeps, newest: readonly StoredEvent[]): StoredEvent[] {
  const ends = new Map(newest.map((event) => [event.id, event]));
  const least = Math.min(...newest.map(({ pdu }) => pdu.depth));
  const seen = new Set<EventId>();
  const todo = newest.flatMap(({ pdu }) => prevEventIds(pdu));
  for (let id = todo.pop(); id !== undefined && ends.size > 1; id = todo.pop()) {
    if (seen.has(id) || seen.size > EVENTS_MAX) continue;
    seen.add(id);
    ends.delete(id);
    const event = view.get(events, [id]);
    if (event && event.pdu.depth > least) todo.push(...prevEventIds(event.pdu));
  }
  return [...ends.values()];
}

/** Walks back from the ends of the room, on each branch to the first event that counts. */
function newestOf(
  { view }: StateDeps,
  room: RoomId,
  counts: (event: StoredEvent) => boolean,
): StoredEvent[] {
  const found: StoredEvent[] = [];
  const seen = new Set<EventId>();
  const todo = [...(view.get(rooms, [room])?.extremities ?? [])];
  for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    if (seen.size > EVENTS_MAX) return [];
    const event = view.get(events, [id]);
    if (!event) continue;
    if (counts(event)) found.push(event);
    else todo.push(...prevEventIds(event.pdu));
  }
  return found;
}

function isBehind(event: StoredEvent, { side, at }: Point): boolean {
  const order = comparePositions(positionOf(event), at);
  return side === "after" ? order <= 0 : order < 0;
}
