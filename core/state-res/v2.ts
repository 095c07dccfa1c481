import type { StateMap } from "../event/state-key.ts";
import { stateKeyOf } from "../event/state-key.ts";
import type { EventId } from "../ids.ts";
import type { AgreedState } from "./agreed-state.ts";
import { authDifference } from "./auth-difference.ts";
import { conflictedEvents, findConflicts } from "./conflicts.ts";
import { conflictedSubgraph } from "./conflicted-subgraph.ts";
import type { EventGraph } from "./event-graph.ts";
import { applyAuthorised, ResolvingState } from "./iterative-auth-checks.ts";
import { orderByMainline } from "./mainline-ordering.ts";
import { powerEventsOf } from "./power-events.ts";
import { orderByPower } from "./power-ordering.ts";

const POWER_LEVELS = stateKeyOf("m.room.power_levels", "");

/**
 * State resolution of room versions 2 to 11, and as v2.1 of room version 12, which trusts nothing
 * that was not checked again and replays all that lies between conflicts.
 * https://spec.matrix.org/v1.19/rooms/v2/#state-resolution
 * https://spec.matrix.org/v1.19/rooms/v12/#state-resolution
 */
export function resolveV2(
  graph: EventGraph,
  states: readonly StateMap[],
  agreed: AgreedState,
): Map<string, EventId> {
  const conflicts = findConflicts(states, agreed);
  const { unconflicted, undisputed } = conflicts;
  if (conflicts.conflicted.size === 0) return new Map(unconflicted);
  const replays = graph.version.stateResolution === "v2.1";

  const conflictedIds = conflictedEvents(conflicts);
  const full = replays ? conflictedSubgraph(graph, conflictedIds) : new Set(conflictedIds);
  for (const id of authDifference(graph, states, conflicts, conflictedIds)) full.add(id);

  const powerEvents = powerEventsOf(graph, full);
  const state = new ResolvingState(replays ? () => undefined : undisputed);
  applyAuthorised(graph, state, orderByPower(graph, powerEvents));

  const others = [...full].filter((id) => !powerEvents.has(id));
  applyAuthorised(graph, state, orderByMainline(graph, others, state.get(POWER_LEVELS)));

  const resolved = new Map(unconflicted);
  for (const [key, id] of state.decided) if (undisputed(key) === undefined) resolved.set(key, id);
  return resolved;
}
