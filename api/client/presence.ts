import { changePresence, readPresence } from "../../core/presence/presence.ts";
import type { PresenceState } from "../../core/presence/presence.ts";
import { userEndpoint } from "../endpoint.ts";
import { textOf, userIdOf } from "../parse-ids.ts";

/** Sets the presence and status message of the user who asks. */
export const setPresence = userEndpoint({
  operationId: "setPresence",
  method: "PUT",
  path: "/_matrix/client/v3/presence/{userId}/status",
  rateLimit: "default",
  bodySchema: "setPresence",
  handle: async ({ auth, params, body }, services) => {
    await changePresence(services, auth.user, {
      user: userIdOf(params.userId),
      presence: body["presence"] as PresenceState,
      status: textOf(body["status_msg"]),
    });
    return { json: {} };
  },
});

/** The presence of a user with whom the asking one shares a room. */
export const getPresence = userEndpoint({
  operationId: "getPresence",
  method: "GET",
  path: "/_matrix/client/v3/presence/{userId}/status",
  rateLimit: "default",
  handle: async ({ auth, params }, services) => ({
    json: await readPresence(services, auth.user, userIdOf(params.userId)),
  }),
});
