import { type StateKey, stateKeyOf } from "../event/state-key.ts";
import type { Pdu } from "../event/pdu.ts";

/** The state that an event is checked against. */
export interface AuthState {
  get(type: string, stateKey: string): Pdu | undefined;
}

/** The state that consists of these events; of two with the same key the later one counts. */
export function authStateOf(events: Iterable<Pdu>): AuthState {
  const byKey = new Map<StateKey, Pdu>();
  for (const event of events) {
    if (event.state_key !== undefined) byKey.set(stateKeyOf(event.type, event.state_key), event);
  }
  return { get: (type, stateKey) => byKey.get(stateKeyOf(type, stateKey)) };
}

/** `join`, `invite`, `leave`, `ban` or `knock`; who never had to do with the room has left it. */
export function membershipOf(state: AuthState, userId: string): string {
  const membership = state.get("m.room.member", userId)?.content["membership"];
  return typeof membership === "string" ? membership : "leave";
}

/** How users get in; rooms that do not say are for the invited. A rule that is no text lets in nobody. */
export function joinRuleOf(state: AuthState): string | undefined {
  const rule = state.get("m.room.join_rules", "")?.content["join_rule"];
  if (rule === undefined) return "invite";
  return typeof rule === "string" ? rule : undefined;
}
