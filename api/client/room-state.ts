import { setRoomState } from "../../core/rooms/commands/set-state.ts";
import { userEndpoint } from "../endpoint.ts";
import { roomIdOf } from "../parse-ids.ts";

export const setRoomStateWithKey = userEndpoint({
  operationId: "setRoomStateWithKey",
  method: "PUT",
  path: "/_matrix/client/v3/rooms/{roomId}/state/{eventType}/{stateKey}",
  // The state key is empty where the path has none.
  aliases: [
    "/_matrix/client/v3/rooms/{roomId}/state/{eventType}",
    "/_matrix/client/v3/rooms/{roomId}/state/{eventType}/",
  ],
  rateLimit: "message",
  bodySchema: "setRoomStateWithKey",
  handle: async ({ auth, params, body }, services) => {
    const event = await setRoomState(services, {
      room: roomIdOf(params.roomId),
      sender: auth.user,
      type: params.eventType,
      stateKey: params.stateKey ?? "",
      content: body,
    });
    return { json: { event_id: event } };
  },
});
