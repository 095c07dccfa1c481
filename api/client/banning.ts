import { banUser, unbanUser } from "../../core/rooms/commands/change-membership.ts";
import { userEndpoint } from "../endpoint.ts";
import { roomIdOf, textOf, userIdOf } from "../parse-ids.ts";

export const ban = userEndpoint({
  operationId: "ban",
  method: "POST",
  path: "/_matrix/client/v3/rooms/{roomId}/ban",
  rateLimit: "default",
  bodySchema: "ban",
  handle: async ({ auth, params, body }, services) => {
    await banUser(services, {
      room: roomIdOf(params.roomId),
      sender: auth.user,
      target: userIdOf(body["user_id"]),
      reason: textOf(body["reason"]),
    });
    return { json: {} };
  },
});

export const unban = userEndpoint({
  operationId: "unban",
  method: "POST",
  path: "/_matrix/client/v3/rooms/{roomId}/unban",
  rateLimit: "default",
  bodySchema: "unban",
  handle: async ({ auth, params, body }, services) => {
    await unbanUser(services, {
      room: roomIdOf(params.roomId),
      sender: auth.user,
      target: userIdOf(body["user_id"]),
      reason: textOf(body["reason"]),
    });
    return { json: {} };
  },
});
