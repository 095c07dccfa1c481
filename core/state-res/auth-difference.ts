import type { StateMap } from "../event/state-key.ts";
import type { EventId } from "../ids.ts";
import type { Conflicts } from "./conflicts.ts";
import type { EventGraph } from "./event-graph.ts";

/**
 * The events outside the conflicted state that are in the auth chains of some states, not of all.
 * https://spec.matrix.org/v1.19/rooms/v12/#definitions
 *
 * NOTSPEC: an event counts as part of its own auth chain, as Synapse and the users of ruma's
 * algorithm have it; a room would split from theirs otherwise.
 *
 * What all states agree on is in every chain, so chains are only walked down to there. Only if
 * something was found below is the chain of the agreed state walked, until all of it was met.
 */
export function authDifference(
  graph: EventGraph,
  states: readonly StateMap[],
  { unconflicted, conflicted }: Conflicts,
  conflictedIds: ReadonlySet<EventId>,
): Set<EventId> {
  const agreed = new Set(unconflicted.values());
  const chainsWith = new Map<EventId, number>();
  for (const state of states) {
    const start = [...conflicted.keys()].map((key) => state.get(key));
    for (const id of chainAbove(graph, start, agreed)) {
      chainsWith.set(id, (chainsWith.get(id) ?? 0) + 1);
    }
  }
  const difference = new Set<EventId>();
  for (const [id, count] of chainsWith) {
    if (count < states.length && !conflictedIds.has(id)) difference.add(id);
  }
  removeChain(graph, unconflicted, difference);
  return difference;
}

/** What is reachable from `start`, itself included, without what is in `floor` or only below it. */
function chainAbove(
  graph: EventGraph,
  start: readonly (EventId | undefined)[],
  floor: ReadonlySet<EventId>,
): Set<EventId> {
  const seen = new Set<EventId>();
  const todo = start.filter((id) => id !== undefined);
  for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
    if (seen.has(id) || floor.has(id)) continue;
    seen.add(id);
    todo.push(...graph.authIds(id));
  }
  return seen;
}

/**
 * Removes from `wanted` what the auth chain of a state holds. Memberships, of which a big room has
 * thousands, are walked last: mostly there is nothing left to look for by then.
 */
function removeChain(
  graph: EventGraph,
  state: ReadonlyMap<string, EventId>,
  wanted: Set<EventId>,
): void {
  if (wanted.size === 0) return;
  const seen = new Set<EventId>();
  const isMember = (key: string): boolean => key.startsWith("m.room.member");
  const [members, others] = partition([...state], ([key]) => isMember(key));
  const todo = [...members, ...others].map(([, id]) => id);
  for (let id = todo.pop(); id !== undefined && wanted.size > 0; id = todo.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    wanted.delete(id);
    todo.push(...graph.authIds(id));
  }
}

function partition<T>(items: readonly T[], test: (item: T) => boolean): [yes: T[], no: T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}
