import { sendDirectMessages } from "../../core/device/send-to-device.ts";
import type { JsonObject } from "../../core/json.ts";
import { userEndpoint } from "../endpoint.ts";

/** Sends messages to devices, past the rooms. */
export const sendToDevice = userEndpoint({
  operationId: "sendToDevice",
  method: "PUT",
  path: "/_matrix/client/v3/sendToDevice/{eventType}/{txnId}",
  rateLimit: "message",
  bodySchema: "sendToDevice",
  handle: async ({ auth, params, body }, services) => {
    await sendDirectMessages(services, {
      requester: auth,
      type: params.eventType,
      txnId: params.txnId,
      messages: body["messages"] as JsonObject,
    });
    return { json: {} };
  },
});
