import { resolveRoom } from "../../core/directory/resolve-room.ts";
import { knockRoom as knock } from "../../core/rooms/commands/join-room.ts";
import { userEndpoint } from "../endpoint.ts";
import { textOf } from "../parse-ids.ts";

export const knockRoom = userEndpoint({
  operationId: "knockRoom",
  method: "POST",
  path: "/_matrix/client/v3/knock/{roomIdOrAlias}",
  rateLimit: "default",
  bodySchema: "knockRoom",
  bodyOptional: true,
  handle: async ({ auth, params, body }, services) => {
    const room = resolveRoom(services, params.roomIdOrAlias);
    await knock(services, { room, user: auth.user, reason: textOf(body["reason"]) });
    return { json: { room_id: room } };
  },
});
