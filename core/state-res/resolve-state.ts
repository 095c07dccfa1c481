import type { StateMap } from "../event/state-key.ts";
import type { EventId } from "../ids.ts";
import type { RoomVersion } from "../room-version/room-version.ts";
import { NOTHING_AGREED } from "./agreed-state.ts";
import type { AgreedState } from "./agreed-state.ts";
import { EventGraph, type EventSource } from "./event-graph.ts";
import { resolveV1 } from "./v1.ts";
import { resolveV2 } from "./v2.ts";

/**
 * The one state of a room that several states of it come to. Pure: equal states in any order give
 * an equal map, its keys in ascending order.
 *
 * @param states may leave out what they all have in common; it is then left out of the result too
 * @param agreed what they leave out
 * @param events must find every event in the states and in their auth chains
 * @param isRejected events that failed the rules: they authorise nothing
 * @throws MissingEventError
 */
export function resolveState(
  version: RoomVersion,
  states: readonly StateMap[],
  events: EventSource,
  isRejected?: (id: EventId) => boolean,
  agreed: AgreedState = NOTHING_AGREED,
): StateMap {
  const [first, ...others] = states;
  if (first === undefined) return new Map();
  if (others.length === 0) return sorted(first);
  const graph = new EventGraph(version, events, isRejected);
  return sorted(
    version.stateResolution === "v1"
      ? resolveV1(graph, states, agreed)
      : resolveV2(graph, states, agreed),
  );
}

function sorted(state: StateMap): StateMap {
  return new Map([...state].sort(([a], [b]) => (a < b ? -1 : 1)));
}
