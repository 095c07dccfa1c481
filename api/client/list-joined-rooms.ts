import { joinedRooms } from "../../core/rooms/queries/joined-rooms.ts";
import { userEndpoint } from "../endpoint.ts";

export const getJoinedRooms = userEndpoint({
  operationId: "getJoinedRooms",
  method: "GET",
  path: "/_matrix/client/v3/joined_rooms",
  rateLimit: "default",
  handle: async ({ auth }, services) => {
    return { json: { joined_rooms: await joinedRooms(services, auth.user) } };
  },
});
