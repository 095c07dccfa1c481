import type { BackupKey } from "../../core/backup/keys.ts";
import {
  deleteKeys,
  deleteVersion,
  readKey,
  readKeys,
  readRoomKeys,
  storeKeys,
} from "../../core/backup/keys.ts";
import {
  createVersion,
  describeCurrentVersion,
  describeVersion,
  updateVersion,
} from "../../core/backup/versions.ts";
import type { JsonObject } from "../../core/json.ts";
import { isObject } from "../../core/json.ts";
import { userEndpoint } from "../endpoint.ts";
import { textOf } from "../parse-ids.ts";

/** The sessions of one room in a body. */
function keysOfRoom(room: string, backup: unknown): BackupKey[] {
  const sessions = isObject(backup) && isObject(backup["sessions"]) ? backup["sessions"] : {};
  return Object.entries(sessions).map(([session, data]) => ({
    room,
    session,
    data: data as JsonObject,
  }));
}

const versionOf = (query: URLSearchParams): string => query.get("version") ?? "";

/** Makes a new backup. */
export const postRoomKeysVersion = userEndpoint({
  operationId: "postRoomKeysVersion",
  method: "POST",
  path: "/_matrix/client/v3/room_keys/version",
  rateLimit: "default",
  bodySchema: "postRoomKeysVersion",
  handle: async ({ auth, body }, services) => {
    const version = await createVersion(services, {
      user: auth.user,
      algorithm: textOf(body["algorithm"]) ?? "",
      authData: body["auth_data"] as JsonObject,
    });
    return { json: { version } };
  },
});

/** The newest backup. */
export const getRoomKeysVersionCurrent = userEndpoint({
  operationId: "getRoomKeysVersionCurrent",
  method: "GET",
  path: "/_matrix/client/v3/room_keys/version",
  rateLimit: "default",
  handle: async ({ auth }, services) => ({
    json: await describeCurrentVersion(services, auth.user),
  }),
});

/** A backup by its version. */
export const getRoomKeysVersion = userEndpoint({
  operationId: "getRoomKeysVersion",
  method: "GET",
  path: "/_matrix/client/v3/room_keys/version/{version}",
  rateLimit: "default",
  handle: async ({ auth, params }, services) => ({
    json: await describeVersion(services, auth.user, params.version),
  }),
});

/** Replaces the `auth_data` of a backup. */
export const putRoomKeysVersion = userEndpoint({
  operationId: "putRoomKeysVersion",
  method: "PUT",
  path: "/_matrix/client/v3/room_keys/version/{version}",
  rateLimit: "default",
  bodySchema: "putRoomKeysVersion",
  handle: async ({ auth, params, body }, services) => {
    await updateVersion(services, {
      user: auth.user,
      version: params.version,
      bodyVersion: textOf(body["version"]),
      algorithm: textOf(body["algorithm"]) ?? "",
      authData: body["auth_data"] as JsonObject,
    });
    return { json: {} };
  },
});

/** Deletes a backup with its keys. */
export const deleteRoomKeysVersion = userEndpoint({
  operationId: "deleteRoomKeysVersion",
  method: "DELETE",
  path: "/_matrix/client/v3/room_keys/version/{version}",
  rateLimit: "default",
  handle: async ({ auth, params }, services) => {
    await deleteVersion(services, { user: auth.user, version: params.version });
    return { json: {} };
  },
});

/** Stores keys of several rooms. */
export const putRoomKeys = userEndpoint({
  operationId: "putRoomKeys",
  method: "PUT",
  path: "/_matrix/client/v3/room_keys/keys",
  rateLimit: "default",
  bodySchema: "putRoomKeys",
  handle: async ({ auth, query, body }, services) => {
    const rooms = Object.entries(body["rooms"] as JsonObject);
    const keys = rooms.flatMap(([room, backup]) => keysOfRoom(room, backup));
    const stats = await storeKeys(services, { user: auth.user, version: versionOf(query), keys });
    return { json: { ...stats } };
  },
});

/** Stores keys of one room. */
export const putRoomKeysByRoomId = userEndpoint({
  operationId: "putRoomKeysByRoomId",
  method: "PUT",
  path: "/_matrix/client/v3/room_keys/keys/{roomId}",
  rateLimit: "default",
  bodySchema: "putRoomKeysByRoomId",
  handle: async ({ auth, params, query, body }, services) => {
    const keys = keysOfRoom(params.roomId, body);
    const stats = await storeKeys(services, { user: auth.user, version: versionOf(query), keys });
    return { json: { ...stats } };
  },
});

/** Stores one key. */
export const putRoomKeyBySessionId = userEndpoint({
  operationId: "putRoomKeyBySessionId",
  method: "PUT",
  path: "/_matrix/client/v3/room_keys/keys/{roomId}/{sessionId}",
  rateLimit: "default",
  bodySchema: "putRoomKeyBySessionId",
  handle: async ({ auth, params, query, body }, services) => {
    const keys = [{ room: params.roomId, session: params.sessionId, data: body }];
    const stats = await storeKeys(services, { user: auth.user, version: versionOf(query), keys });
    return { json: { ...stats } };
  },
});

/** All keys of a backup. */
export const getRoomKeys = userEndpoint({
  operationId: "getRoomKeys",
  method: "GET",
  path: "/_matrix/client/v3/room_keys/keys",
  rateLimit: "default",
  handle: async ({ auth, query }, services) => ({
    json: await readKeys(services, { user: auth.user, version: versionOf(query) }),
  }),
});

/** The keys of one room. */
export const getRoomKeysByRoomId = userEndpoint({
  operationId: "getRoomKeysByRoomId",
  method: "GET",
  path: "/_matrix/client/v3/room_keys/keys/{roomId}",
  rateLimit: "default",
  handle: async ({ auth, params, query }, services) => ({
    json: await readRoomKeys(services, {
      user: auth.user,
      version: versionOf(query),
      room: params.roomId,
    }),
  }),
});

/** One key. */
export const getRoomKeyBySessionId = userEndpoint({
  operationId: "getRoomKeyBySessionId",
  method: "GET",
  path: "/_matrix/client/v3/room_keys/keys/{roomId}/{sessionId}",
  rateLimit: "default",
  handle: async ({ auth, params, query }, services) => ({
    json: await readKey(services, {
      user: auth.user,
      version: versionOf(query),
      room: params.roomId,
      session: params.sessionId,
    }),
  }),
});

/** Deletes all keys of a backup. */
export const deleteRoomKeys = userEndpoint({
  operationId: "deleteRoomKeys",
  method: "DELETE",
  path: "/_matrix/client/v3/room_keys/keys",
  rateLimit: "default",
  handle: async ({ auth, query }, services) => ({
    json: { ...(await deleteKeys(services, { user: auth.user, version: versionOf(query) })) },
  }),
});

/** Deletes the keys of one room. */
export const deleteRoomKeysByRoomId = userEndpoint({
  operationId: "deleteRoomKeysByRoomId",
  method: "DELETE",
  path: "/_matrix/client/v3/room_keys/keys/{roomId}",
  rateLimit: "default",
  handle: async ({ auth, params, query }, services) => {
    const scope = { user: auth.user, version: versionOf(query), room: params.roomId };
    return { json: { ...(await deleteKeys(services, scope)) } };
  },
});

/** Deletes one key. */
export const deleteRoomKeyBySessionId = userEndpoint({
  operationId: "deleteRoomKeyBySessionId",
  method: "DELETE",
  path: "/_matrix/client/v3/room_keys/keys/{roomId}/{sessionId}",
  rateLimit: "default",
  handle: async ({ auth, params, query }, services) => {
    const { roomId: room, sessionId: session } = params;
    const scope = { user: auth.user, version: versionOf(query), room, session };
    return { json: { ...(await deleteKeys(services, scope)) } };
  },
});
