import type { EventId } from "../ids.ts";
import type { EventGraph } from "./event-graph.ts";

/**
 * All events on a path along auth events from one conflicted event to another, ends included.
 * https://spec.matrix.org/v1.19/rooms/v12/#definitions
 */
export function conflictedSubgraph(
  graph: EventGraph,
  conflictedIds: ReadonlySet<EventId>,
): Set<EventId> {
  const subgraph = new Set(conflictedIds);
  const entered = new Set<EventId>();
  const left = new Set<EventId>();
  // An event is looked at twice: before and after all that it cites.
  const todo = [...conflictedIds];
  for (let id = todo.at(-1); id !== undefined; id = todo.at(-1)) {
    const cited = graph.authIds(id);
    if (!entered.has(id)) {
      entered.add(id);
      for (const auth of cited) if (!entered.has(auth)) todo.push(auth);
      continue;
    }
    todo.pop();
    if (left.has(id)) continue;
    left.add(id);
    if (cited.some((auth) => subgraph.has(auth))) subgraph.add(id);
  }
  return subgraph;
}
