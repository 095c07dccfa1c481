import { turnCredentials } from "../../core/discovery/turn-credentials.ts";
import { userEndpoint } from "../endpoint.ts";

/** Credentials of the TURN server for calls. */
export const getTurnServer = userEndpoint({
  operationId: "getTurnServer",
  method: "GET",
  path: "/_matrix/client/v3/voip/turnServer",
  rateLimit: "default",
  handle: async ({ auth }, services) => ({ json: { ...turnCredentials(services, auth.user) } }),
});
