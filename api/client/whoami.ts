import { userEndpoint } from "../endpoint.ts";

/** Whose token is it? */
export const getTokenOwner = userEndpoint({
  operationId: "getTokenOwner",
  method: "GET",
  path: "/_matrix/client/v3/account/whoami",
  rateLimit: "default",
  handle: async ({ auth }) => ({
    json: { user_id: auth.user, device_id: auth.device, is_guest: false },
  }),
});
