import type { EventId } from "../ids.ts";
import type { StoredEvent } from "../tables.ts";

/**
 * Where an event stands in its room's timeline: by depth, then by origin_server_ts, then by event ID.
 * All three are the event's own, so every box computes the same order.
 */
export interface Position {
  readonly depth: number;
  readonly ts: number;
  readonly id: EventId;
}

export function positionOf(event: Pick<StoredEvent, "id" | "pdu">): Position {
  return { depth: event.pdu.depth, ts: event.pdu.origin_server_ts, id: event.id };
}

/** Negative where `a` comes first. */
export function comparePositions(a: Position, b: Position): number {
  if (a.depth !== b.depth) return a.depth - b.depth;
  if (a.ts !== b.ts) return a.ts - b.ts;
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}
