import {
  deleteRoomAlias as deleteAlias,
  resolveAlias,
  setRoomAlias as setAlias,
} from "../../core/directory/aliases.ts";
import { getLocalAliases as localAliases } from "../../core/directory/local-aliases.ts";
import { publicEndpoint, userEndpoint } from "../endpoint.ts";
import { aliasOf, roomIdOf } from "../parse-ids.ts";

export const setRoomAlias = userEndpoint({
  operationId: "setRoomAlias",
  method: "PUT",
  path: "/_matrix/client/v3/directory/room/{roomAlias}",
  rateLimit: "default",
  bodySchema: "setRoomAlias",
  handle: async ({ auth, params, body }, services) => {
    const alias = aliasOf(params.roomAlias);
    await setAlias(services, { alias, user: auth.user, room: roomIdOf(body["room_id"]) });
    return { json: {} };
  },
});

export const getRoomIdByAlias = publicEndpoint({
  operationId: "getRoomIdByAlias",
  method: "GET",
  path: "/_matrix/client/v3/directory/room/{roomAlias}",
  rateLimit: "default",
  handle: async ({ params }, services) => {
    const { room, servers } = resolveAlias(services, aliasOf(params.roomAlias));
    return { json: { room_id: room, servers } };
  },
});

export const deleteRoomAlias = userEndpoint({
  operationId: "deleteRoomAlias",
  method: "DELETE",
  path: "/_matrix/client/v3/directory/room/{roomAlias}",
  rateLimit: "default",
  handle: async ({ auth, params }, services) => {
    await deleteAlias(services, { alias: aliasOf(params.roomAlias), user: auth.user });
    return { json: {} };
  },
});

export const getLocalAliases = userEndpoint({
  operationId: "getLocalAliases",
  method: "GET",
  path: "/_matrix/client/v3/rooms/{roomId}/aliases",
  rateLimit: "default",
  handle: async ({ auth, params }, services) => {
    const room = roomIdOf(params.roomId);
    return { json: { aliases: await localAliases(services, { room, user: auth.user }) } };
  },
});
