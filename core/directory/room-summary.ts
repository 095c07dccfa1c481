import { notFound } from "../errors.ts";
import type { RoomId, UserId } from "../ids.ts";
import { isObject } from "../json.ts";
import type { JsonObject } from "../json.ts";
import type { View } from "../ports.ts";
import { readInRoom } from "../rooms/queries/read-in-room.ts";
import {
  allowedRooms,
  historyVisibility,
  isJoined,
  joinRule,
  membershipOf,
  stateContent,
  stateText,
} from "../rooms/queries/room-facts.ts";
import type { Services } from "../services.ts";
import { rooms } from "../tables.ts";

/** Join rules under which a room may be found by those outside. */
const OPEN_RULES = ["public", "knock", "knock_restricted"];

/** A room as the published directory shows it. Undefined for a room that is not known. */
export function publishedRoom(view: View, room: RoomId): JsonObject | undefined {
  const meta = view.get(rooms, [room]);
  if (!meta) return undefined;
  const optional = {
    name: stateText(view, room, "m.room.name", "name"),
    topic: plainTopic(stateContent(view, room, "m.room.topic")),
    canonical_alias: stateText(view, room, "m.room.canonical_alias", "alias"),
    avatar_url: stateText(view, room, "m.room.avatar", "url"),
    room_type: stateText(view, room, "m.room.create", "type"),
  };
  return {
    room_id: room,
    num_joined_members: meta.joined,
    world_readable: historyVisibility(view, room) === "world_readable",
    guest_can_join: stateText(view, room, "m.room.guest_access", "guest_access") === "can_join",
    join_rule: joinRule(view, room),
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
  };
}

/** The topic as plain text: the content block's text/plain form first. */
export function plainTopic(content: JsonObject): string | undefined {
  const block = content["m.topic"];
  const forms = isObject(block) ? block["m.text"] : undefined;
  if (Array.isArray(forms)) {
    for (const form of forms as readonly unknown[]) {
      if (!isObject(form) || typeof form["body"] !== "string") continue;
      if ((form["mimetype"] ?? "text/plain") === "text/plain") return form["body"];
    }
  }
  const { topic } = content;
  return typeof topic === "string" && topic !== "" ? topic : undefined;
}

/**
 * https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1room_summaryroomidoralias
 * @throws MatrixError 404 M_NOT_FOUND for a room that is unknown or none of the user's business
 */
export function roomSummary(
  deps: Pick<Services, "reader" | "isCaughtUp">,
  { room, user }: { readonly room: RoomId; readonly user: UserId | undefined },
): JsonObject {
  const preview = readInRoom(deps, () => {
    const found = previewOf(deps.reader, room, user);
    if (!found) throw notFound("Room not found.");
    return found;
  });
  if (user === undefined) return preview;
  return { ...preview, membership: membershipOf(deps.reader, room, user) };
}

/** A room as someone sees it from outside; undefined where it is none of their business. */
export function previewOf(
  view: View,
  room: RoomId,
  user: UserId | undefined,
): JsonObject | undefined {
  const meta = view.get(rooms, [room]);
  const published = publishedRoom(view, room);
  if (!meta || !published || !mayPreview(view, room, user)) return undefined;
  const allowed = allowedRooms(view, room);
  const encryption = stateText(view, room, "m.room.encryption", "algorithm");
  return {
    ...published,
    room_version: meta.version,
    ...(allowed.length === 0 ? {} : { allowed_room_ids: allowed }),
    ...(encryption === undefined ? {} : { encryption }),
  };
}

function mayPreview(view: View, room: RoomId, user: UserId | undefined): boolean {
  if (historyVisibility(view, room) === "world_readable") return true;
  const membership = user === undefined ? "leave" : membershipOf(view, room, user);
  if (membership === "ban") return false;
  if (OPEN_RULES.includes(joinRule(view, room))) return true;
  if (user === undefined) return false;
  if (membership === "join" || membership === "invite" || membership === "knock") return true;
  return (
    joinRule(view, room) === "restricted" &&
    allowedRooms(view, room).some((other) => isJoined(view, other, user))
  );
}
