import { aliasRecord, ALIASES, DIRECTORY } from "../../directory/alias-records.ts";
import { claimAlias, releaseUnusedAlias } from "../../directory/claim-alias.ts";
import { eventIdOf } from "../../event/hash.ts";
import { MatrixError } from "../../errors.ts";
import type { EventId, RoomId, UserId } from "../../ids.ts";
import type { JsonObject } from "../../json.ts";
import type { Env } from "../../ports.ts";
import type { RoomVersion } from "../../room-version/room-version.ts";
import type { Services } from "../../services.ts";
import type { StoredEvent } from "../../tables.ts";
import type { Draft } from "../../transaction/draft.ts";
import { buildCreateEvent, sendInRoom } from "../build-event.ts";
import { parseCreateRoom } from "./create-room-input.ts";
import type { CreateRoomInput } from "./create-room-input.ts";
import {
  creationContent,
  initialPowerLevels,
  namingState,
  presetState,
} from "./initial-content.ts";
import { memberContent, requireInvitable } from "./member-content.ts";

/** Bytes that tell apart two rooms which one user creates alike within one millisecond. */
const NONCE_BYTES = 9;

/**
 * https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3createroom
 * @throws MatrixError as `parseCreateRoom`, and 400 M_ROOM_IN_USE; 503 when an alias is asked for and
 *   no majority of the boxes answers
 */
export async function createRoom(
  deps: Pick<Services, "reader" | "runner" | "claims" | "logger" | "serverName">,
  request: { readonly user: UserId; readonly body: JsonObject },
): Promise<RoomId> {
  const input = parseCreateRoom(request.body, request.user, deps.serverName);
  const { alias, creator } = input;
  if (alias === undefined) return deps.runner.run(create, input);
  if (aliasRecord(deps.reader, alias)) throw aliasInUse(alias);
  if ((await claimAlias(deps, alias, creator)) === "taken") throw aliasInUse(alias);
  try {
    return await deps.runner.run(create, input);
  } catch (error) {
    await releaseUnusedAlias(deps, alias, creator);
    throw error;
  }
}

const aliasInUse = (alias: string): MatrixError =>
  new MatrixError(400, "M_ROOM_IN_USE", `The room alias ${alias} is already taken.`);

/** All events of the new room, in the order that the spec asks for, or none. */
export function create(draft: Draft, input: CreateRoomInput, env: Env): RoomId {
  const { creator, invite, isDirect } = input;
  for (const user of invite) requireInvitable(draft, env.serverName, user);
  const { room } = openRoom(draft, env, input.version, creator, creationContent(input));
  const send = (type: string, stateKey: string, content: JsonObject): EventId =>
    sendInitial(draft, env, { room, sender: creator, type, stateKey, content });
  send("m.room.power_levels", "", initialPowerLevels(input));
  if (input.alias !== undefined) {
    if (aliasRecord(draft, input.alias)) throw aliasInUse(input.alias);
    draft.setField("mesh", ALIASES, input.alias, { room_id: room, creator });
    send("m.room.canonical_alias", "", { alias: input.alias });
  }
  const states = [...presetState(input), ...input.initialState, ...namingState(input)];
  for (const { type, stateKey, content } of states) send(type, stateKey, content);
  for (const user of invite) {
    const content = memberContent(draft, user, "invite");
    send("m.room.member", user, isDirect ? { ...content, is_direct: true } : content);
  }
  if (input.published) draft.setField("mesh", DIRECTORY, room, { visibility: "public" });
  return room;
}

/** The create event and the creator's join. */
export function openRoom(
  draft: Draft,
  env: Env,
  version: RoomVersion,
  creator: UserId,
  content: JsonObject,
): StoredEvent {
  const stored = appendCreateEvent(draft, env, version, creator, content);
  sendInitial(draft, env, {
    room: stored.room,
    sender: creator,
    type: "m.room.member",
    stateKey: creator,
    content: memberContent(draft, creator, "join"),
  });
  return stored;
}

function appendCreateEvent(
  draft: Draft,
  env: Env,
  version: RoomVersion,
  creator: UserId,
  content: JsonObject,
): StoredEvent {
  const pdu = buildCreateEvent(env, version, { creator, content });
  // Where the room ID is the event's hash, equal requests in one millisecond would share a room.
  if (!draft.event(eventIdOf(version, pdu))) return invalidIfRefused(() => draft.appendEvent(pdu));
  const nonce = Buffer.from(env.random.bytes(NONCE_BYTES)).toString("base64url");
  return draft.appendEvent(
    buildCreateEvent(env, version, { creator, content: { ...content, "hearth.nonce": nonce } }),
  );
}

/** A state event that belongs to the opening of a room. Throws MatrixError 400 M_INVALID_ROOM_STATE. */
export function sendInitial(
  draft: Draft,
  env: Env,
  event: {
    readonly room: RoomId;
    readonly sender: UserId;
    readonly type: string;
    readonly stateKey: string;
    readonly content: JsonObject;
  },
): EventId {
  return invalidIfRefused(() => sendInRoom(draft, env, event)).id;
}

function invalidIfRefused<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof MatrixError) || error.status !== 403) throw error;
    throw new MatrixError(400, "M_INVALID_ROOM_STATE", error.message, {}, error);
  }
}
