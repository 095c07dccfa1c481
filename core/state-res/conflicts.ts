import type { StateMap } from "../event/state-key.ts";
import type { EventId } from "../ids.ts";
import { NOTHING_AGREED } from "./agreed-state.ts";
import type { AgreedState } from "./agreed-state.ts";

export interface Conflicts {
  /** Keys for which all states have the same event. */
  readonly unconflicted: ReadonlyMap<string, EventId>;
  /** All other keys, with every event that some state has for them. */
  readonly conflicted: ReadonlyMap<string, ReadonlySet<EventId>>;
  /** The event that all states have for a key, listed in them or left out. */
  undisputed(key: string): EventId | undefined;
  /** Of the events that were left out those that were not in the state after `event`. */
  since(event: EventId): Iterable<EventId>;
}

/**
 * Splits states into what they agree on and what not. A key that a state lacks is a disagreement.
 * https://spec.matrix.org/v1.19/rooms/v12/#definitions
 */
export function findConflicts(
  states: readonly StateMap[],
  agreed: AgreedState = NOTHING_AGREED,
): Conflicts {
  const unconflicted = new Map<string, EventId>();
  const conflicted = new Map<string, Set<EventId>>();
  const [first, ...others] = states;
  for (const [key, id] of first ?? []) {
    if (others.every((other) => other.get(key) === id)) unconflicted.set(key, id);
    else conflicted.set(key, eventsFor(states, key));
  }
  for (const other of others) {
    for (const key of other.keys()) {
      if (!unconflicted.has(key) && !conflicted.has(key)) {
        conflicted.set(key, eventsFor(states, key));
      }
    }
  }
  return {
    unconflicted,
    conflicted,
    undisputed: (key) => {
      return conflicted.has(key) ? undefined : (unconflicted.get(key) ?? agreed.get(key));
    },
    since: (event) => agreed.since(event),
  };
}

function eventsFor(states: readonly StateMap[], key: string): Set<EventId> {
  return new Set(states.map((state) => state.get(key)).filter((id) => id !== undefined));
}

/** All events that are in conflict, whatever their keys. */
export function conflictedEvents({ conflicted }: Conflicts): Set<EventId> {
  const all = new Set<EventId>();
  for (const ids of conflicted.values()) for (const id of ids) all.add(id);
  return all;
}
