import { AuthError } from "../auth/auth-error.ts";
import { authorise } from "../auth/authorise.ts";
import type { AuthState } from "../auth/auth-state.ts";
import type { Pdu } from "../event/pdu.ts";
import { stateKeyOf } from "../event/state-key.ts";
import type { EventId } from "../ids.ts";
import type { EventGraph } from "./event-graph.ts";

/** A state in the making: what was decided lies over what nobody disputes. */
export class ResolvingState {
  readonly decided = new Map<string, EventId>();
  readonly #undisputed: (key: string) => EventId | undefined;

  constructor(undisputed: (key: string) => EventId | undefined) {
    this.#undisputed = undisputed;
  }

  get(key: string): EventId | undefined {
    return this.decided.get(key) ?? this.#undisputed(key);
  }
}

/**
 * Applies events one after the other to a state, each only if the state allows it. What the state
 * lacks is taken from the events that the event cites.
 * https://spec.matrix.org/v1.19/rooms/v12/#definitions
 *
 * @param state is changed
 */
export function applyAuthorised(
  graph: EventGraph,
  state: ResolvingState,
  ordered: readonly EventId[],
): void {
  for (const id of ordered) {
    const event = graph.get(id);
    if (event.state_key === undefined) continue;
    if (isAuthorised(graph, event, state)) {
      state.decided.set(stateKeyOf(event.type, event.state_key), id);
    }
  }
}

function isAuthorised(graph: EventGraph, event: Pdu, state: ResolvingState): boolean {
  const authState: AuthState = {
    get(type, stateKey) {
      const id = state.get(stateKeyOf(type, stateKey));
      return id === undefined ? graph.citedForAuth(event, type, stateKey) : graph.get(id);
    },
  };
  return passes(graph, event, authState);
}

/** Whether the rules let an event pass; anything but a refusal is thrown on. */
export function passes(graph: EventGraph, event: Pdu, state: AuthState): boolean {
  try {
    authorise(graph.version, event, state);
    return true;
  } catch (error) {
    if (error instanceof AuthError) return false;
    throw error;
  }
}
