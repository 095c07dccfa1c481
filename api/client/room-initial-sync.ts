import { readRoomAtOnce } from "../../core/rooms/queries/room-initial-sync.ts";
import { userEndpoint } from "../endpoint.ts";
import { roomIdOf } from "../parse-ids.ts";

/** A room at one look, for peeking into rooms that all may read. */
export const roomInitialSync = userEndpoint({
  operationId: "roomInitialSync",
  method: "GET",
  path: "/_matrix/client/v3/rooms/{roomId}/initialSync",
  rateLimit: "default",
  handle: async ({ auth, params }, services) => ({
    json: await readRoomAtOnce(services, { requester: auth, room: roomIdOf(params.roomId) }),
  }),
});
