import { forbidden, notFound } from "../../errors.ts";
import type { RoomId, UserId } from "../../ids.ts";
import type { Env } from "../../ports.ts";
import { roomVersion } from "../../room-version/table.ts";
import { rooms } from "../../tables.ts";
import type { RoomMeta } from "../../tables.ts";
import type { Draft } from "../../transaction/draft.ts";
import { splitStateKey } from "../../event/state-key.ts";
import { currentState } from "../state-view.ts";
import { powersIn } from "../queries/powers.ts";
import { allowedRooms, isJoined, joinRule, membershipOf } from "../queries/room-facts.ts";
import { inheritRoomSettings } from "./inherit-room-settings.ts";
import { memberContent } from "./member-content.ts";
import { putState } from "./put-state.ts";
import { runInRoom } from "./run-in-room.ts";
import type { RoomDeps } from "./run-in-room.ts";

export interface JoinInput {
  readonly room: RoomId;
  readonly user: UserId;
  readonly reason?: string | undefined;
}

/** @throws MatrixError 404 M_NOT_FOUND: no room of this server has the ID, and others are not asked. */
function requireKnownRoom(draft: Draft, room: RoomId): RoomMeta {
  const meta = draft.get(rooms, [room]);
  if (!meta) throw notFound("That room does not appear to exist.");
  return meta;
}

/** https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidjoin */
export async function joinRoom(deps: RoomDeps, input: JoinInput): Promise<RoomId> {
  await runInRoom(deps, join, input);
  return input.room;
}

export function join(draft: Draft, input: JoinInput, env: Env): void {
  const { room, user, reason } = input;
  const meta = requireKnownRoom(draft, room);
  const before = membershipOf(draft, room, user);
  if (before === "join") return;
  const authoriser = before === "invite" ? undefined : restrictedJoin(draft, meta, input);
  const content = {
    ...memberContent(draft, user, "join", reason),
    ...(authoriser === undefined ? {} : { join_authorised_via_users_server: authoriser }),
  };
  putState(draft, env, { room, sender: user, type: "m.room.member", stateKey: user, content });
  inheritRoomSettings(draft, room, user);
}

/** https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3knockroomidoralias */
export async function knockRoom(deps: RoomDeps, input: JoinInput): Promise<RoomId> {
  await runInRoom(deps, knock, input);
  return input.room;
}

export function knock(draft: Draft, input: JoinInput, env: Env): void {
  const { room, user, reason } = input;
  requireKnownRoom(draft, room);
  const content = memberContent(draft, user, "knock", reason);
  putState(draft, env, { room, sender: user, type: "m.room.member", stateKey: user, content });
}

/**
 * The member in whose name this server lets the user into a restricted room; undefined when the room
 * is not restricted.
 * https://spec.matrix.org/v1.19/client-server-api/#restricted-rooms
 * @throws MatrixError 403 M_FORBIDDEN when no condition is met
 */
function restrictedJoin(draft: Draft, meta: RoomMeta, input: JoinInput): UserId | undefined {
  const { room, user } = input;
  const { auth } = roomVersion(meta.version);
  const rule = joinRule(draft, room);
  const restricted =
    (rule === "restricted" && auth.restricted) ||
    (rule === "knock_restricted" && auth.knockRestricted);
  // A banned user is refused by the auth rules, whatever else is true.
  if (!restricted || membershipOf(draft, room, user) === "ban") return undefined;
  if (!allowedRooms(draft, room).some((other) => isJoined(draft, other, user))) {
    throw forbidden("You are neither invited to this room nor a member of a room that it admits.");
  }
  const authoriser = memberWhoMayInvite(draft, room, meta);
  if (!authoriser) throw forbidden("Nobody in this room on this server may let you in.");
  return authoriser;
}

/** Every member is of this server, so any of them with the power to invite will do. */
function memberWhoMayInvite(draft: Draft, room: RoomId, meta: RoomMeta): UserId | undefined {
  const powers = powersIn(draft, room);
  const state = currentState({ view: draft, docs: draft.docs }, room, meta);
  for (const [key] of state.entries()) {
    const [type, stateKey] = splitStateKey(key);
    if (type !== "m.room.member") continue;
    const member = stateKey as UserId;
    if (isJoined(draft, room, member) && powers.user(member) >= powers.invite) return member;
  }
  return undefined;
}
