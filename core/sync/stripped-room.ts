import type { JsonObject } from "../json.ts";
import { ignoredUsers } from "../timeline/ignored-users.ts";
import { strippedEvent } from "../timeline/client-event.ts";
import type { RoomContext, RoomPart } from "./joined-room.ts";
import type { OwnRoom } from "./own-rooms.ts";
import type { Pass } from "./pass.ts";
import { ownEventBefore } from "./turned-back.ts";

/**
 * What helps somebody to recognise a room.
 * https://spec.matrix.org/v1.19/client-server-api/#stripped-state
 */
const STRIPPED_TYPES = [
  "m.room.create",
  "m.room.name",
  "m.room.avatar",
  "m.room.topic",
  "m.room.join_rules",
  "m.room.canonical_alias",
  "m.room.encryption",
] as const;

/** The part of a room that the user is invited to or knocks on; undefined when the client has it. */
export function strippedRoom(pass: Pass, own: OwnRoom, context: RoomContext): RoomPart | undefined {
  const presenter = pass.presenter(own.room);
  const { history } = presenter;
  const { user } = pass.request.requester;
  const event = history.event(own.event);
  if (!event) return undefined;
  const isWanted =
    pass.isInitial ||
    pass.request.fullState ||
    pass.news.isNew(event) ||
    pass.owesState(own.room) ||
    ownEventBefore(pass, presenter, own, context.user) !== "same";
  const isInvite = own.membership === "invite";
  if (!isWanted || (isInvite && ignoredUsers(pass.snapshot, user).has(event.pdu.sender))) {
    return undefined;
  }
  const events: JsonObject[] = [];
  // As it was at the invitation: what the room says later is for its members.
  for (const type of STRIPPED_TYPES) {
    const id = history.after(event, type, "");
    const held = id === undefined ? undefined : history.event(id);
    if (held) events.push(strippedEvent(held));
  }
  const inviter = history.after(event, "m.room.member", event.pdu.sender);
  const member = isInvite && inviter !== undefined ? history.event(inviter) : undefined;
  if (member) events.push(strippedEvent(member));
  events.push(strippedEvent(event));
  return { isNews: true, json: { [isInvite ? "invite_state" : "knock_state"]: { events } } };
}
