import { notFound } from "../../core/errors.ts";
import { publicEndpoint } from "../endpoint.ts";

/** Where clients find this server, once its owner has set a public address. */
export const getWellknown = publicEndpoint({
  operationId: "getWellknown",
  method: "GET",
  path: "/.well-known/matrix/client",
  rateLimit: "none",
  handle: async (_request, { settings }) => {
    if (settings.publicBaseUrl === undefined) throw notFound("no public address is set up");
    return { json: { "m.homeserver": { base_url: settings.publicBaseUrl } } };
  },
});
