import { parseMarker, setMarkers } from "../../core/ephemeral-facts/receipts.ts";
import { userEndpoint } from "../endpoint.ts";
import { roomIdOf } from "../parse-ids.ts";

/** Without a body schema: a malformed `thread_id` is M_INVALID_PARAM, not M_BAD_JSON. */
export const postReceipt = userEndpoint({
  operationId: "postReceipt",
  method: "POST",
  path: "/_matrix/client/v3/rooms/{roomId}/receipt/{receiptType}/{eventId}",
  rateLimit: "default",
  bodyOptional: true,
  handle: async ({ auth, params, body }, services) => {
    const marker = parseMarker(params.receiptType, params.eventId, body["thread_id"]);
    await setMarkers(services, {
      room: roomIdOf(params.roomId),
      user: auth.user,
      markers: [marker],
    });
    return { json: {} };
  },
});
