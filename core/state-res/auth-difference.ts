import { stateKeyOf } from "../event/state-key.ts";
import type { StateMap } from "../event/state-key.ts";
import type { EventId } from "../ids.ts";
import type { Conflicts } from "./conflicts.ts";
import type { EventGraph } from "./event-graph.ts";

const AUTH_KEYS = ["m.room.power_levels", "m.room.join_rules", "m.room.create"].map((type) =>
  stateKeyOf(type, ""),
);

/**
 * The events outside the conflicted state that are in the auth chains of some states, not of all.
 * https://spec.matrix.org/v1.19/rooms/v12/#definitions
 *
 * NOTSPEC: an event counts as part of its own auth chain, as Synapse and the users of ruma's
 * algorithm have it; a room would split from theirs otherwise.
 *
 * What all states agree on is in every chain, so chains are only walked down to there. Only if
 * something was found below is the chain of the agreed state walked, until all of it was met: first
 * from what nearly everything rests on. Memberships, of which a big room has thousands, come last, and
 * of those that were left out only the ones that can rest on what is looked for.
 */
export function authDifference(
  graph: EventGraph,
  states: readonly StateMap[],
  { unconflicted, conflicted, undisputed, since }: Conflicts,
  conflictedIds: ReadonlySet<EventId>,
): Set<EventId> {
  const isAgreed = (id: EventId): boolean => {
    const { type, state_key: stateKey } = graph.get(id);
    return stateKey !== undefined && undisputed(stateKeyOf(type, stateKey)) === id;
  };
  const chainsWith = new Map<EventId, number>();
  for (const state of states) {
    const start = [...conflicted.keys()].map((key) => state.get(key));
    for (const id of chainAbove(graph, start, isAgreed)) {
      chainsWith.set(id, (chainsWith.get(id) ?? 0) + 1);
    }
  }
  const difference = new Set<EventId>();
  for (const [id, count] of chainsWith) {
    if (count < states.length && !conflictedIds.has(id)) difference.add(id);
  }
  const early = AUTH_KEYS.map(undisputed).filter((id) => id !== undefined);
  removeChain(graph, early, difference);
  removeChain(graph, unconflicted.values(), difference);
  const oldest = leastDeep(graph, difference);
  if (oldest !== undefined) {
    removeChain(graph, [...since(oldest)].filter(isAgreed), difference);
  }
  return difference;
}

/** What is reachable from `start`, itself included, without what is of the floor or only below it. */
function chainAbove(
  graph: EventGraph,
  start: readonly (EventId | undefined)[],
  isFloor: (id: EventId) => boolean,
): Set<EventId> {
  const seen = new Set<EventId>();
  const todo = start.filter((id) => id !== undefined);
  for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
    if (seen.has(id) || isFloor(id)) continue;
    seen.add(id);
    todo.push(...graph.authIds(id));
  }
  return seen;
}

/** Removes from `wanted` what the auth chains of these events hold. */
function removeChain(graph: EventGraph, ids: Iterable<EventId>, wanted: Set<EventId>): void {
  if (wanted.size === 0) return;
  const seen = new Set<EventId>();
  const todo = [...ids];
  for (let id = todo.pop(); id !== undefined && wanted.size > 0; id = todo.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    wanted.delete(id);
    todo.push(...graph.authIds(id));
  }
}

/** None of the others is in the past of this one: depths grow from parent to child. */
function leastDeep(graph: EventGraph, ids: Iterable<EventId>): EventId | undefined {
  let least: EventId | undefined;
  for (const id of ids) {
    if (least === undefined || graph.get(id).depth < graph.get(least).depth) least = id;
  }
  return least;
}
