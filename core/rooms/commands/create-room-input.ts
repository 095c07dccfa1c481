import { badJson, forbidden, invalidParam, MatrixError, tooLarge } from "../../errors.ts";
import { parseRoomAlias, parseUserId } from "../../ids.ts";
import type { RoomAlias, ServerName, UserId } from "../../ids.ts";
import { isObject } from "../../json.ts";
import type { Json, JsonObject } from "../../json.ts";
import { DEFAULT_ROOM_VERSION, roomVersion } from "../../room-version/table.ts";
import type { RoomVersion } from "../../room-version/room-version.ts";

/** Invites and initial state events of one request: one command makes them all while others wait. */
const INITIAL_EVENTS_MAX = 300;

export type Preset = "private_chat" | "public_chat" | "trusted_private_chat";

export interface InitialState {
  readonly type: string;
  readonly stateKey: string;
  readonly content: JsonObject;
}

/** The body of createRoom, understood. */
export interface CreateRoomInput {
  readonly creator: UserId;
  readonly version: RoomVersion;
  readonly preset: Preset;
  /** In the published room directory. */
  readonly published: boolean;
  readonly alias?: RoomAlias;
  readonly name?: string;
  readonly topic?: string;
  readonly invite: readonly UserId[];
  readonly isDirect: boolean;
  readonly creationContent: JsonObject;
  readonly initialState: readonly InitialState[];
  readonly powerLevels: JsonObject;
}

/**
 * Reads a body that fits the endpoint's schema.
 * https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3createroom
 * @throws MatrixError 400 M_BAD_JSON, M_INVALID_PARAM, M_INVALID_ROOM_STATE,
 *   M_UNSUPPORTED_ROOM_VERSION; 403 M_FORBIDDEN for third-party invites; 413 M_TOO_LARGE
 */
export function parseCreateRoom(
  body: JsonObject,
  creator: UserId,
  server: ServerName,
): CreateRoomInput {
  const { room_alias_name: aliasName, name, topic, room_version: version } = body;
  if (list(body["invite_3pid"]).length > 0) {
    throw forbidden("Invites by email address or phone number are not available on this server.");
  }
  const invite = [...new Set(list(body["invite"]).map(invitee))].filter((id) => id !== creator);
  const initialState = list(body["initial_state"]).map(initialStateOf);
  if (invite.length + initialState.length > INITIAL_EVENTS_MAX) {
    throw tooLarge(`A room opens with at most ${INITIAL_EVENTS_MAX} invites and state events.`);
  }
  const published = body["visibility"] === "public";
  const preset = body["preset"] ?? (published ? "public_chat" : "private_chat");
  return {
    creator,
    version: roomVersion(typeof version === "string" ? version : DEFAULT_ROOM_VERSION),
    preset: preset as Preset,
    published,
    ...(typeof aliasName === "string" ? { alias: localAlias(aliasName, server) } : {}),
    ...(typeof name === "string" ? { name } : {}),
    ...(typeof topic === "string" ? { topic } : {}),
    invite,
    isDirect: body["is_direct"] === true,
    creationContent: objectOf(body["creation_content"]),
    initialState,
    powerLevels: objectOf(body["power_level_content_override"]),
  };
}

function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [];
}

function objectOf(value: Json | undefined): JsonObject {
  return isObject(value) ? value : {};
}

function invitee(value: Json): UserId {
  const user = parseUserId(value);
  if (!user) throw invalidParam(`${JSON.stringify(value)} in 'invite' is not a user ID.`);
  return user;
}

export function localAlias(localpart: string, server: ServerName): RoomAlias {
  const alias = localpart.includes(":") ? undefined : parseRoomAlias(`#${localpart}:${server}`);
  if (!alias || localpart === "") throw invalidParam("'room_alias_name' cannot be an alias.");
  return alias;
}

function initialStateOf(value: Json): InitialState {
  if (!isObject(value)) throw badJson("'initial_state' must hold objects.");
  const { type, state_key: stateKey = "", content } = value;
  if (typeof type !== "string" || typeof stateKey !== "string" || !isObject(content)) {
    throw badJson("An initial state event has a type, a state_key and a content.");
  }
  if (type === "m.room.create" || type === "m.room.member") {
    throw new MatrixError(400, "M_INVALID_ROOM_STATE", `${type} cannot be initial state.`);
  }
  return { type, stateKey, content };
}
