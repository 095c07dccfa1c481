import { redactEvent as redact } from "../../core/rooms/commands/redact-event.ts";
import { userEndpoint } from "../endpoint.ts";
import { eventIdOf, roomIdOf, textOf } from "../parse-ids.ts";

export const redactEvent = userEndpoint({
  operationId: "redactEvent",
  method: "PUT",
  path: "/_matrix/client/v3/rooms/{roomId}/redact/{eventId}/{txnId}",
  rateLimit: "message",
  bodySchema: "redactEvent",
  bodyOptional: true,
  handle: async ({ auth, params, body }, services) => {
    const event = await redact(services, {
      requester: auth,
      room: roomIdOf(params.roomId),
      event: eventIdOf(params.eventId),
      txnId: params.txnId,
      reason: textOf(body["reason"]),
    });
    return { json: { event_id: event } };
  },
});
