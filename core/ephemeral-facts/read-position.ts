import type { EventId } from "../ids.ts";
import { isObject } from "../json.ts";
import type { Json } from "../json.ts";
import type { View } from "../ports.ts";
import { events } from "../tables.ts";
import { comparePositions, positionOf } from "../timeline/position.ts";

/** https://spec.matrix.org/v1.19/client-server-api/#threaded-read-receipts : 3 hops are recommended. */
const RELATION_HOPS_MAX = 3;
export const MAIN_TIMELINE = "main";

/** The event that a stored receipt or marker stands at. */
export function markedEvent(value: Json | undefined): EventId | undefined {
  const id = isObject(value) ? value["event_id"] : undefined;
  return typeof id === "string" ? (id as EventId) : undefined;
}

/**
 * Would a marker go back, in the order of the timeline? Not where one of the two events has not reached
 * this box yet: the client has seen it on another one.
 */
export function goesBack(view: View, from: EventId | undefined, to: EventId): boolean {
  const [before, after] = [from && view.get(events, [from]), view.get(events, [to])];
  if (!before || !after) return false;
  return comparePositions(positionOf(after), positionOf(before)) < 0;
}

/**
 * Can a receipt for this thread stand at this event? A thread's root belongs to the main timeline and
 * also stands for its own thread, of which it is all that is read at first.
 */
export function belongsToThread(view: View, id: EventId, thread: string): boolean {
  if (id === thread) return true;
  const root = threadRoot(view, id);
  return root === "unknown" || (root ?? MAIN_TIMELINE) === thread;
}

/** The root of the thread that an event is in, if any; `unknown` where the chain is not here yet. */
export function threadRoot(view: View, id: EventId): EventId | undefined | "unknown" {
  let at: EventId = id;
  for (let hop = 0; hop <= RELATION_HOPS_MAX; hop++) {
    const event = view.get(events, [at]);
    if (!event) return "unknown";
    const relation = event.pdu.content["m.relates_to"];
    const parent = isObject(relation) ? relation["event_id"] : undefined;
    if (!isObject(relation) || typeof parent !== "string") return undefined;
    if (relation["rel_type"] === "m.thread") return parent as EventId;
    at = parent as EventId;
  }
  return undefined;
}
