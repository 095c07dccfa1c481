import { createRoom as createRoomIn } from "../../core/rooms/commands/create-room.ts";
import { userEndpoint } from "../endpoint.ts";

export const createRoom = userEndpoint({
  operationId: "createRoom",
  method: "POST",
  path: "/_matrix/client/v3/createRoom",
  rateLimit: "default",
  bodySchema: "createRoom",
  handle: async ({ auth, body }, services) => {
    const room = await createRoomIn(services, { user: auth.user, body });
    return { json: { room_id: room } };
  },
});
