import { mutualRooms } from "../../core/user-directory/mutual-rooms.ts";
import { userEndpoint } from "../endpoint.ts";
import { userIdOf } from "../parse-ids.ts";

export const getMutualRooms = userEndpoint({
  operationId: "getMutualRooms",
  method: "GET",
  path: "/_matrix/client/v1/mutual_rooms",
  rateLimit: "default",
  handle: async ({ auth, query }, services) => {
    const { joined, count, next } = await mutualRooms(services, {
      asking: auth.user,
      other: userIdOf(query.get("user_id")),
      from: query.get("from") ?? undefined,
    });
    return { json: { joined, count, ...(next === undefined ? {} : { next_batch: next }) } };
  },
});
