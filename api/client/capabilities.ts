import { capabilities } from "../../core/discovery/capabilities.ts";
import { userEndpoint } from "../endpoint.ts";

/** What the user's account may do and which room versions exist. */
export const getCapabilities = userEndpoint({
  operationId: "getCapabilities",
  method: "GET",
  path: "/_matrix/client/v3/capabilities",
  rateLimit: "default",
  handle: async () => ({ json: { capabilities: capabilities() } }),
});
