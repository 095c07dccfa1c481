import { listPushers } from "../../core/push/pushers.ts";
import { setPusher } from "../../core/push/set-pusher.ts";
import { userEndpoint } from "../endpoint.ts";

/** The user's pushers, of all devices. */
export const getPushers = userEndpoint({
  operationId: "getPushers",
  method: "GET",
  path: "/_matrix/client/v3/pushers",
  rateLimit: "default",
  handle: async ({ auth }, services) => ({
    json: { pushers: await listPushers(services, auth.user) },
  }),
});

/** Sets, changes or deletes a pusher. */
export const postPusher = userEndpoint({
  operationId: "postPusher",
  method: "POST",
  path: "/_matrix/client/v3/pushers/set",
  rateLimit: "default",
  bodySchema: "postPusher",
  handle: async ({ auth, body }, services) => {
    await setPusher(services, auth, body);
    return { json: {} };
  },
});
