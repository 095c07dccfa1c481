import type { EventId } from "../ids.ts";

/**
 * What the states of a resolution have in common, as far as it was left out of them: a room of
 * thousands of members is resolved without listing those that nobody disputes.
 */
export interface AgreedState {
  get(key: string): EventId | undefined;
  /**
   * The events of it that were not in the state after `event`. An event rests on what was before it,
   * so all that may have `event` in their auth chains are among them.
   */
  since(event: EventId): Iterable<EventId>;
}

export const NOTHING_AGREED: AgreedState = {
  get: () => undefined,
  since: () => [],
};
