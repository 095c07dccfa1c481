import type { Pdu } from "../event/pdu.ts";
import type { EventId } from "../ids.ts";
import type { EventGraph } from "./event-graph.ts";

/**
 * Whether an event might take away somebody's ability to do something.
 * https://spec.matrix.org/v1.19/rooms/v12/#definitions
 *
 * NOTSPEC: power levels and join rules with a state key are none, since they have no effect; so
 * Synapse and ruma have it.
 */
export function isPowerEvent(event: Pdu): boolean {
  switch (event.type) {
    case "m.room.power_levels":
    case "m.room.join_rules":
      return event.state_key === "";
    case "m.room.member": {
      const { membership } = event.content;
      return (membership === "leave" || membership === "ban") && event.sender !== event.state_key;
    }
    default:
      return false;
  }
}

/**
 * Step 1: the power events of the full conflicted set, and those of its events that they rest on.
 *
 * NOTSPEC: auth chains are followed inside the set only, as Synapse and ruma do. Where the set
 * holds the conflicted subgraph, no path leaves it and comes back.
 */
export function powerEventsOf(
  graph: EventGraph,
  fullConflictedSet: ReadonlySet<EventId>,
): Set<EventId> {
  const found = new Set<EventId>();
  const todo = [...fullConflictedSet].filter((id) => isPowerEvent(graph.get(id)));
  for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    for (const auth of graph.authIds(id)) if (fullConflictedSet.has(auth)) todo.push(auth);
  }
  return found;
}
