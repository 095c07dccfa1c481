import { scheduleEvent } from "../../core/delayed/schedule.ts";
import { setRoomState } from "../../core/rooms/commands/set-state.ts";
import { userEndpoint } from "../endpoint.ts";
import { requestedDelay } from "../delay.ts";
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
  handle: async ({ auth, params, query, body }, services) => {
    const state = {
      room: roomIdOf(params.roomId),
      type: params.eventType,
      stateKey: params.stateKey ?? "",
      content: body,
    };
    const delayMs = requestedDelay(query);
    if (delayMs !== undefined) {
      const delayed = { ...state, requester: auth, delayMs };
      return { json: { delay_id: await scheduleEvent(services, delayed) } };
    }
    const event = await setRoomState(services, { ...state, sender: auth.user });
    return { json: { event_id: event } };
  },
});
