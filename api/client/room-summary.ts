import { resolveRoom } from "../../core/directory/resolve-room.ts";
import { roomSummary } from "../../core/directory/room-summary.ts";
import { optionalEndpoint } from "../endpoint.ts";

export const getRoomSummary = optionalEndpoint({
  operationId: "getRoomSummary",
  method: "GET",
  path: "/_matrix/client/v1/room_summary/{roomIdOrAlias}",
  rateLimit: "default",
  handle: async ({ auth, params }, services) => {
    const room = resolveRoom(services, params.roomIdOrAlias);
    return { json: roomSummary(services, { room, user: auth?.user }) };
  },
});
