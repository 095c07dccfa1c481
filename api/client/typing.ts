import { setTyping as set } from "../../core/ephemeral-facts/typing.ts";
import { userEndpoint } from "../endpoint.ts";
import { roomIdOf, userIdOf } from "../parse-ids.ts";

export const setTyping = userEndpoint({
  operationId: "setTyping",
  method: "PUT",
  path: "/_matrix/client/v3/rooms/{roomId}/typing/{userId}",
  rateLimit: "default",
  bodySchema: "setTyping",
  handle: async ({ auth, params, body }, services) => {
    set(services, {
      room: roomIdOf(params.roomId),
      requester: auth.user,
      user: userIdOf(params.userId),
      typing: body["typing"] === true,
      timeoutMs: typeof body["timeout"] === "number" ? body["timeout"] : undefined,
    });
    return { json: {} };
  },
});
