import { leaveRoom as leave } from "../../core/rooms/commands/change-membership.ts";
import { forgetRoom as forget } from "../../core/rooms/commands/forget-room.ts";
import { userEndpoint } from "../endpoint.ts";
import { roomIdOf, textOf } from "../parse-ids.ts";

export const leaveRoom = userEndpoint({
  operationId: "leaveRoom",
  method: "POST",
  path: "/_matrix/client/v3/rooms/{roomId}/leave",
  rateLimit: "default",
  bodySchema: "leaveRoom",
  bodyOptional: true,
  handle: async ({ auth, params, body }, services) => {
    const reason = textOf(body["reason"]);
    await leave(services, { room: roomIdOf(params.roomId), sender: auth.user, reason });
    return { json: {} };
  },
});

export const forgetRoom = userEndpoint({
  operationId: "forgetRoom",
  method: "POST",
  path: "/_matrix/client/v3/rooms/{roomId}/forget",
  rateLimit: "default",
  bodyOptional: true,
  handle: async ({ auth, params }, services) => {
    await forget(services, { room: roomIdOf(params.roomId), user: auth.user });
    return { json: {} };
  },
});
