import type { EventId } from "../ids.ts";
import type { EventGraph } from "./event-graph.ts";
import { compareTimes } from "./power-ordering.ts";

/**
 * The mainline ordering of events, earliest first.
 * https://spec.matrix.org/v1.19/rooms/v12/#definitions
 *
 * @param levels the power levels event that the mainline starts from, if there is one
 */
export function orderByMainline(
  graph: EventGraph,
  ids: Iterable<EventId>,
  levels: EventId | undefined,
): EventId[] {
  const positions = mainlineOf(graph, levels);
  const entries = [...ids].map((id) => ({
    id,
    ts: graph.get(id).origin_server_ts,
    position: positionOf(graph, id, positions),
  }));
  entries.sort((a, b) =>
    a.position === b.position ? compareTimes(a, b) : a.position > b.position ? -1 : 1,
  );
  return entries.map(({ id }) => id);
}

/** Power levels event → its place in the mainline, 0 for the newest. */
function mainlineOf(graph: EventGraph, levels: EventId | undefined): Map<EventId, number> {
  const positions = new Map<EventId, number>();
  for (let id = levels; id !== undefined && !positions.has(id); id = levelsCitedBy(graph, id)) {
    positions.set(id, positions.size);
  }
  return positions;
}

/**
 * The place of the nearest power levels event that is on the mainline; Infinity if there is none.
 * What is found is noted for every power levels event on the way, so that no way is walked twice.
 */
function positionOf(graph: EventGraph, id: EventId, positions: Map<EventId, number>): number {
  const way = new Set<EventId>();
  let levels = levelsCitedBy(graph, id);
  while (levels !== undefined && !positions.has(levels) && !way.has(levels)) {
    way.add(levels);
    levels = levelsCitedBy(graph, levels);
  }
  const position = (levels === undefined ? undefined : positions.get(levels)) ?? Infinity;
  for (const passed of way) positions.set(passed, position);
  return position;
}

function levelsCitedBy(graph: EventGraph, id: EventId): EventId | undefined {
  return graph.cited(graph.get(id), "m.room.power_levels", "");
}
