import { publicRooms, searchFilter } from "../../core/directory/public-rooms.ts";
import { getVisibility, setVisibility } from "../../core/directory/visibility.ts";
import { publicEndpoint, userEndpoint } from "../endpoint.ts";
import { roomIdOf, textOf } from "../parse-ids.ts";

export const getRoomVisibilityOnDirectory = publicEndpoint({
  operationId: "getRoomVisibilityOnDirectory",
  method: "GET",
  path: "/_matrix/client/v3/directory/list/room/{roomId}",
  rateLimit: "default",
  handle: async ({ params }, services) => {
    return { json: { visibility: getVisibility(services, roomIdOf(params.roomId)) } };
  },
});

export const setRoomVisibilityOnDirectory = userEndpoint({
  operationId: "setRoomVisibilityOnDirectory",
  method: "PUT",
  path: "/_matrix/client/v3/directory/list/room/{roomId}",
  rateLimit: "default",
  bodySchema: "setRoomVisibilityOnDirectory",
  bodyOptional: true,
  handle: async ({ auth, params, body }, services) => {
    await setVisibility(services, {
      room: roomIdOf(params.roomId),
      user: auth.user,
      visibility: body["visibility"] === "private" ? "private" : "public",
    });
    return { json: {} };
  },
});

export const getPublicRooms = publicEndpoint({
  operationId: "getPublicRooms",
  method: "GET",
  path: "/_matrix/client/v3/publicRooms",
  rateLimit: "default",
  handle: async ({ query }, services) => {
    const limit = query.get("limit");
    const page = await publicRooms(services, {
      server: query.get("server") ?? undefined,
      limit: limit === null ? undefined : Number(limit),
      since: query.get("since") ?? undefined,
    });
    return { json: page };
  },
});

export const queryPublicRooms = userEndpoint({
  operationId: "queryPublicRooms",
  method: "POST",
  path: "/_matrix/client/v3/publicRooms",
  rateLimit: "default",
  bodySchema: "queryPublicRooms",
  handle: async ({ query, body }, services) => {
    const page = await publicRooms(services, {
      server: query.get("server") ?? undefined,
      limit: typeof body["limit"] === "number" ? body["limit"] : undefined,
      since: textOf(body["since"]),
      ...searchFilter(body["filter"]),
    });
    return { json: page };
  },
});
