import { kickUser } from "../../core/rooms/commands/change-membership.ts";
import { userEndpoint } from "../endpoint.ts";
import { roomIdOf, textOf, userIdOf } from "../parse-ids.ts";

export const kick = userEndpoint({
  operationId: "kick",
  method: "POST",
  path: "/_matrix/client/v3/rooms/{roomId}/kick",
  rateLimit: "default",
  bodySchema: "kick",
  handle: async ({ auth, params, body }, services) => {
    await kickUser(services, {
      room: roomIdOf(params.roomId),
      sender: auth.user,
      target: userIdOf(body["user_id"]),
      reason: textOf(body["reason"]),
    });
    return { json: {} };
  },
});
