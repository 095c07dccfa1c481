import { forbidden } from "../../errors.ts";
import { prevEventIds } from "../../event/pdu.ts";
import type { EventId, RoomId, UserId } from "../../ids.ts";
import type { View } from "../../ports.ts";
import type { Services } from "../../services.ts";
import { events, memberships, rooms } from "../../tables.ts";
import { currentState, stateAfter, stateBefore } from "../state-view.ts";
import type { StateView } from "../../room-document/document-state.ts";
import { isForgotten } from "./forgotten.ts";
import { historyVisibility, requireRoom } from "./room-facts.ts";

/** Membership changes after the last join that are looked through: bans, unbans, refused invites. */
const CHANGES_SINCE_JOIN_MAX = 50;

/** How a user may read a room: as its member, as anybody may, or as one who was in it until an event. */
export type RoomAccess = "as member" | "as anyone" | { readonly until: EventId };

/**
 * May the user read the room at all, its state and its history? Undefined when not. Which of the events
 * are shown is then judged for each of them, by `core/timeline/viewer.ts`.
 * https://spec.matrix.org/v1.19/client-server-api/#room-history-visibility
 */
export function roomAccess(
  deps: Pick<Services, "documents">,
  view: View,
  { room, user }: { readonly room: RoomId; readonly user: UserId },
): RoomAccess | undefined {
  if (!view.get(rooms, [room])) return undefined;
  const entry = view.get(memberships, [user, room]);
  if (entry?.membership === "join") return "as member";
  if (historyVisibility(view, room) === "world_readable") return "as anyone";
  if (!entry || isForgotten(view, user, room)) return undefined;
  const until = endOfMembership(deps, view, room, user, entry.event);
  return until === undefined ? undefined : { until };
}

/**
 * The state of a room that a user may read: the current one for members, and for anybody where history
 * is world-readable; that of the moment of leaving for those who were members.
 * @throws MatrixError 403 M_FORBIDDEN
 */
export function readableState(
  deps: Pick<Services, "documents">,
  view: View,
  input: { readonly room: RoomId; readonly user: UserId },
): StateView {
  const { room } = input;
  const meta = requireRoom(view, room);
  const access = roomAccess(deps, view, input);
  if (access === undefined) {
    throw forbidden("You are not a member of the room and were not previously a member of it.");
  }
  const state = { view, docs: deps.documents };
  const isNow = access === "as member" || access === "as anyone";
  return isNow ? currentState(state, room, meta) : stateAfter(state, room, access.until);
}

/**
 * The event that ended the user's last stay in the room, looked for from the member event in force
 * backwards; undefined for those who never were in it, such as the invited.
 */
export function endOfMembership(
  deps: Pick<Services, "documents">,
  view: View,
  room: RoomId,
  user: UserId,
  last: EventId,
): EventId | undefined {
  let id = last;
  for (let i = 0; i < CHANGES_SINCE_JOIN_MAX; i++) {
    const event = view.get(events, [id]);
    if (!event) return undefined;
    const before = stateBefore({ view, docs: deps.documents }, room, prevEventIds(event.pdu));
    const previousId = before.get("m.room.member", user);
    const previous = previousId === undefined ? undefined : view.get(events, [previousId]);
    if (!previous) return undefined;
    if (previous.pdu.content["membership"] === "join") return id;
    id = previous.id;
  }
  return undefined;
}
