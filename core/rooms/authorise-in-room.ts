import { AuthError } from "../auth/auth-error.ts";
import { checkAuthEvents } from "../auth/auth-events.ts";
import { authorise } from "../auth/authorise.ts";
import { prevEventIds } from "../event/pdu.ts";
import type { Pdu } from "../event/pdu.ts";
import type { RoomId } from "../ids.ts";
import type { RoomVersion } from "../room-version/room-version.ts";
import { events } from "../tables.ts";
import type { BaseState, StateDeps } from "./state-view.ts";
import { authState, eventForRules, stateBefore } from "./state-view.ts";

/**
 * Checks an event by the events that it cites and by the state before it, which is returned. Its
 * parents are known and accepted. The door and all boxes behind it ask the same, so that what one lets
 * in no other one rejects. Throws AuthError.
 * https://spec.matrix.org/v1.19/server-server-api/#checks-performed-on-receipt-of-a-pdu steps 4 and 5
 */
export function authoriseInRoom(
  deps: StateDeps,
  version: RoomVersion,
  room: RoomId,
  pdu: Pdu,
): BaseState {
  authoriseByCited(deps, version, room, pdu);
  const before = stateBefore(deps, room, prevEventIds(pdu));
  authorise(version, pdu, authState(deps, before));
  return before;
}

/** The first half: by the events that it cites alone, all that there is for one without a place. */
export function authoriseByCited(
  deps: Pick<StateDeps, "view">,
  version: RoomVersion,
  room: RoomId,
  pdu: Pdu,
): void {
  const cited = checkAuthEvents(version, pdu, (id) => {
    const event = eventForRules(deps.view, id);
    const stored = deps.view.get(events, [id]);
    if (!event || stored?.room !== room) throw new AuthError(`It cites ${id}, not of this room`);
    return { event, rejected: stored.rejected !== undefined };
  });
  authorise(version, pdu, cited);
}
