import { prevEventIds } from "../event/pdu.ts";
import type { EventId } from "../ids.ts";
import { NO_MEMBER } from "../rooms/no-member.ts";
import { stateBefore } from "../rooms/state-view.ts";
import type { StoredEvent } from "../tables.ts";
import type { Presenter } from "../timeline/presenter.ts";
import type { RoomHistory } from "../timeline/room-history.ts";
import { OWN_PAST_SEARCHED_MAX } from "./constants.ts";
import type { UserNews } from "./account-data-section.ts";
import type { OwnRoom } from "./own-rooms.ts";
import type { Pass } from "./pass.ts";
import { knownEnds } from "./state-change.ts";

/**
 * Resolution may put an older event in force again, as when a join on one side of a split comes to nothing by what
 * was done on the other. Then a client takes its user for somebody else in the room than it is, though the
 * event that says so is no news. What does it take for the user's member event?
 * `undefined`: none. "same": the one that is in force, as far as can be told.
 */
export function ownEventBefore(
  pass: Pass,
  presenter: Presenter,
  own: OwnRoom,
  user: UserNews,
): EventId | "same" | undefined {
  const { history } = presenter;
  const { room } = history;
  // What a box that lags behind tells is owed again later.
  if (pass.isInitial || pass.isAhead) return "same";
  // An event that nobody is shown may open an old branch: it is no news of the room, but one of the user.
  if (!pass.news.touches(`room:${room}`) && !user.memberships.has(room)) return "same";
  const known = [...knownEnds(pass, history, OWN_PAST_SEARCHED_MAX)];
  const ends = known.filter((event) => event !== "too-many");
  // On top of one state it is as it was, but where the new events themselves went two ways that met.
  const isLinear = new Set(ends.map(({ heads }) => heads.join())).size <= 1;
  const isWhole = ends.length === known.length;
  if (isLinear && isWhole && !user.memberships.has(room)) return "same";
  const newest = isWhole ? withoutPast(history, ends) : undefined;
  // Where it takes too long to tell: a change of the membership was noted where it was made.
  if (!newest) return user.memberships.has(room) ? undefined : "same";
  const held = new Set(newest.map((event) => history.after(event, "m.room.member", pass.user)));
  const [first] = held;
  const ids = newest.map(({ id }) => id);
  const before =
    held.size > 1 ? stateBefore(history.deps, room, ids).get("m.room.member", pass.user) : first;
  return (before ?? NO_MEMBER.event) === own.event ? "same" : before;
}

/** Of some events those that none of the others follows; undefined where it takes too long to tell. */
function withoutPast(
  history: RoomHistory,
  ends: readonly StoredEvent[],
): StoredEvent[] | undefined {
  const depthMin = Math.min(...ends.map(({ pdu }) => pdu.depth));
  const past = new Set<EventId>();
  const left = ends.flatMap(({ pdu }) => prevEventIds(pdu));
  for (let id = left.pop(); id !== undefined; id = left.pop()) {
    if (past.has(id)) continue;
    if (past.size === OWN_PAST_SEARCHED_MAX) return undefined;
    past.add(id);
    const event = history.event(id);
    // Each event is deeper than those that it follows.
    if (event && event.pdu.depth > depthMin) left.push(...prevEventIds(event.pdu));
  }
  return ends.filter(({ id }) => !past.has(id));
}
