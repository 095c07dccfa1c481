import { forbidden } from "../../errors.ts";
import type { RoomId, UserId } from "../../ids.ts";
import { isObject } from "../../json.ts";
import type { JsonObject } from "../../json.ts";
import type { View } from "../../ports.ts";
import { events, memberships, rooms, roomState } from "../../tables.ts";
import type { RoomMeta, StoredEvent } from "../../tables.ts";

/** What single keys of the current state say. Nothing here checks who asks. */

/** The event that holds a key of the current state. */
export function stateEvent(
  view: View,
  room: RoomId,
  type: string,
  stateKey = "",
): StoredEvent | undefined {
  const id = view.get(roomState, [room, type, stateKey]);
  return id === undefined ? undefined : view.get(events, [id]);
}

/** The content that holds a key of the current state; empty when nothing does. */
export function stateContent(view: View, room: RoomId, type: string, stateKey = ""): JsonObject {
  return stateEvent(view, room, type, stateKey)?.pdu.content ?? {};
}

/** A text field of a current state event, if it is text and not empty. */
export function stateText(
  view: View,
  room: RoomId,
  type: string,
  field: string,
  stateKey = "",
): string | undefined {
  const value = stateContent(view, room, type, stateKey)[field];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** `leave` when the user never had to do with the room. */
export function membershipOf(view: View, room: RoomId, user: UserId): string {
  return view.get(memberships, [user, room])?.membership ?? "leave";
}

export function isJoined(view: View, room: RoomId, user: UserId): boolean {
  return membershipOf(view, room, user) === "join";
}

/** https://spec.matrix.org/v1.19/client-server-api/#room-history-visibility : `shared` by default. */
export function historyVisibility(view: View, room: RoomId): string {
  return stateText(view, room, "m.room.history_visibility", "history_visibility") ?? "shared";
}

/** https://spec.matrix.org/v1.19/client-server-api/#mroomjoin_rules : `invite` by default. */
export function joinRule(view: View, room: RoomId): string {
  return stateText(view, room, "m.room.join_rules", "join_rule") ?? "invite";
}

/**
 * @throws MatrixError 403 M_FORBIDDEN for a room that is not known, as for one that is not the asker's:
 * whether it exists is nobody else's business.
 */
export function requireRoom(view: View, room: RoomId): RoomMeta {
  const meta = view.get(rooms, [room]);
  if (!meta) throw notInRoom();
  return meta;
}

export function requireJoined(view: View, room: RoomId, user: UserId): RoomMeta {
  const meta = requireRoom(view, room);
  if (!isJoined(view, room, user)) throw notInRoom();
  return meta;
}

const notInRoom = () => forbidden("You are not in this room.");

/** The rooms that the `allow` conditions of a restricted room name. */
export function allowedRooms(view: View, room: RoomId): RoomId[] {
  const allow = stateContent(view, room, "m.room.join_rules")["allow"];
  if (!Array.isArray(allow)) return [];
  return allow.flatMap((condition: unknown) =>
    isObject(condition) &&
    condition["type"] === "m.room_membership" &&
    typeof condition["room_id"] === "string"
      ? [condition["room_id"] as RoomId]
      : [],
  );
}
