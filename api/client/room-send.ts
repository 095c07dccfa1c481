import { sendMessage as send } from "../../core/rooms/commands/send-message.ts";
import { userEndpoint } from "../endpoint.ts";
import { roomIdOf } from "../parse-ids.ts";

export const sendMessage = userEndpoint({
  operationId: "sendMessage",
  method: "PUT",
  path: "/_matrix/client/v3/rooms/{roomId}/send/{eventType}/{txnId}",
  rateLimit: "message",
  bodySchema: "sendMessage",
  handle: async ({ auth, params, body }, services) => {
    const event = await send(services, {
      requester: auth,
      room: roomIdOf(params.roomId),
      type: params.eventType,
      txnId: params.txnId,
      content: body,
    });
    return { json: { event_id: event } };
  },
});
