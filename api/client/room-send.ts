import { scheduleEvent } from "../../core/delayed/schedule.ts";
import { sendMessage as send } from "../../core/rooms/commands/send-message.ts";
import { userEndpoint } from "../endpoint.ts";
import { requestedDelay } from "../delay.ts";
import { roomIdOf } from "../parse-ids.ts";

export const sendMessage = userEndpoint({
  operationId: "sendMessage",
  method: "PUT",
  path: "/_matrix/client/v3/rooms/{roomId}/send/{eventType}/{txnId}",
  rateLimit: "message",
  bodySchema: "sendMessage",
  handle: async ({ auth, params, query, body }, services) => {
    const message = {
      requester: auth,
      room: roomIdOf(params.roomId),
      type: params.eventType,
      txnId: params.txnId,
      content: body,
    };
    const delayMs = requestedDelay(query);
    if (delayMs !== undefined) {
      return { json: { delay_id: await scheduleEvent(services, { ...message, delayMs }) } };
    }
    const event = await send(services, message);
    return { json: { event_id: event } };
  },
});
