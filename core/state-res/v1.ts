import { hash } from "node:crypto";
import type { AuthState } from "../auth/auth-state.ts";
import { splitStateKey, stateKeyOf, type StateMap } from "../event/state-key.ts";
import type { EventId } from "../ids.ts";
import type { AgreedState } from "./agreed-state.ts";
import { findConflicts } from "./conflicts.ts";
import type { EventGraph } from "./event-graph.ts";
import { passes } from "./iterative-auth-checks.ts";

/** The types that can change who may do what, in the order in which they are resolved. */
const AUTH_TYPES = ["m.room.power_levels", "m.room.join_rules", "m.room.member"];

type Resolver = (graph: EventGraph, state: AuthState, ids: readonly EventId[]) => EventId;

/** State resolution of room version 1. https://spec.matrix.org/v1.19/rooms/v1/#state-resolution */
export function resolveV1(
  graph: EventGraph,
  states: readonly StateMap[],
  agreed: AgreedState,
): Map<string, EventId> {
  const { unconflicted, conflicted, undisputed } = findConflicts(states, agreed);
  const resolved = new Map(unconflicted);
  const conflicts: [key: string, type: string, ids: EventId[]][] = [];
  for (const [key, ids] of conflicted) {
    // Here a key that some states lack is no conflict.
    const [only, ...others] = ids;
    if (only !== undefined && others.length === 0) resolved.set(key, only);
    else conflicts.push([key, splitStateKey(key)[0], [...ids].sort(compare(graph))]);
  }
  const settle = (isNow: (type: string) => boolean, resolver: Resolver): void => {
    const before = new Map(resolved);
    const state = authStateIn(graph, (key) => before.get(key) ?? undisputed(key));
    for (const [key, type, ids] of conflicts) {
      if (isNow(type)) resolved.set(key, resolver(graph, state, ids));
    }
  };
  for (const authType of AUTH_TYPES) settle((type) => type === authType, lastOfAllowedRun);
  settle((type) => !AUTH_TYPES.includes(type), deepestAllowed);
  return resolved;
}

/** From the first event on, each replaces the one before as long as that one allows it. */
function lastOfAllowedRun(graph: EventGraph, state: AuthState, ids: readonly EventId[]): EventId {
  let last = ids[0] as EventId;
  for (const id of ids.slice(1)) {
    const current = graph.get(last);
    const withCurrent: AuthState = {
      get: (type, stateKey) =>
        type === current.type && stateKey === current.state_key
          ? current
          : state.get(type, stateKey),
    };
    if (!passes(graph, graph.get(id), withCurrent)) break;
    last = id;
  }
  return last;
}

/** The last event that the state allows; the first of all if it allows none. */
function deepestAllowed(graph: EventGraph, state: AuthState, ids: readonly EventId[]): EventId {
  const allowed = ids.findLast((id) => passes(graph, graph.get(id), state));
  return allowed ?? (ids[0] as EventId);
}

/** By ascending depth, then by descending SHA-1 of the event ID. */
function compare(graph: EventGraph): (a: EventId, b: EventId) => number {
  return (a, b) => {
    const byDepth = graph.get(a).depth - graph.get(b).depth;
    if (byDepth !== 0) return byDepth;
    return hash("sha1", a) > hash("sha1", b) ? -1 : 1;
  };
}

function authStateIn(graph: EventGraph, find: (key: string) => EventId | undefined): AuthState {
  return {
    get(type, stateKey) {
      const id = find(stateKeyOf(type, stateKey));
      return id === undefined ? undefined : graph.get(id);
    },
  };
}
