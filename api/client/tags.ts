import { listTags, setTag } from "../../core/user-data/tags.ts";
import { userEndpoint } from "../endpoint.ts";
import { ownUser } from "../own-data.ts";
import { roomIdOf } from "../parse-ids.ts";

/** The tags that the user gave a room. */
export const getRoomTags = userEndpoint({
  operationId: "getRoomTags",
  method: "GET",
  path: "/_matrix/client/v3/user/{userId}/rooms/{roomId}/tags",
  rateLimit: "default",
  handle: async ({ auth, params }, services) => {
    const user = ownUser(auth, params.userId);
    return { json: { tags: await listTags(services, user, roomIdOf(params.roomId)) } };
  },
});

/** Tags a room. */
export const setRoomTag = userEndpoint({
  operationId: "setRoomTag",
  method: "PUT",
  path: "/_matrix/client/v3/user/{userId}/rooms/{roomId}/tags/{tag}",
  rateLimit: "default",
  bodySchema: "setRoomTag",
  handle: async ({ auth, params, body }, services) => {
    const user = ownUser(auth, params.userId);
    const room = roomIdOf(params.roomId);
    await setTag(services, { user, room, tag: params.tag, content: body });
    return { json: {} };
  },
});

/** Takes a tag from a room. */
export const deleteRoomTag = userEndpoint({
  operationId: "deleteRoomTag",
  method: "DELETE",
  path: "/_matrix/client/v3/user/{userId}/rooms/{roomId}/tags/{tag}",
  rateLimit: "default",
  handle: async ({ auth, params }, services) => {
    const user = ownUser(auth, params.userId);
    const room = roomIdOf(params.roomId);
    await setTag(services, { user, room, tag: params.tag, content: undefined });
    return { json: {} };
  },
});
