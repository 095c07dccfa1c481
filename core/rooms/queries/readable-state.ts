import { forbidden } from "../../errors.ts";
import { prevEventIds } from "../../event/pdu.ts";
import type { EventId, RoomId, UserId } from "../../ids.ts";
import type { View } from "../../ports.ts";
import type { Services } from "../../services.ts";
import { events, memberships } from "../../tables.ts";
import { currentState, stateAfter, stateBefore } from "../state-view.ts";
import type { StateView } from "../state-view.ts";
import { isForgotten } from "./forgotten.ts";
import { historyVisibility, requireRoom } from "./room-facts.ts";

/** Membership changes after the last join that are looked through: bans, unbans, refused invites. */
const CHANGES_SINCE_JOIN_MAX = 50;

/**
 * The state of a room that a user may read: the current one for members, that of the moment of leaving
 * for those who were members, the current one for anybody where history is world-readable.
 * @throws MatrixError 403 M_FORBIDDEN
 */
export function readableState(
  deps: Pick<Services, "documents">,
  view: View,
  input: { readonly room: RoomId; readonly user: UserId },
): StateView {
  const { room, user } = input;
  const meta = requireRoom(view, room);
  const state = { view, docs: deps.documents };
  const entry = view.get(memberships, [user, room]);
  if (entry?.membership === "join") return currentState(state, room, meta);
  if (entry && !isForgotten(view, user, room)) {
    const left = endOfMembership(deps, view, room, user, entry.event);
    if (left !== undefined) return stateAfter(state, room, left);
  }
  if (historyVisibility(view, room) === "world_readable") return currentState(state, room, meta);
  throw forbidden("You are not a member of the room and were not previously a member of it.");
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
