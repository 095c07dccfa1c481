import { SPEC_VERSIONS, UNSTABLE_FEATURES } from "../../core/discovery/versions.ts";
import { optionalEndpoint } from "../endpoint.ts";

/** Which versions of the specification are served. */
export const getVersions = optionalEndpoint({
  operationId: "getVersions",
  method: "GET",
  path: "/_matrix/client/versions",
  rateLimit: "none",
  handle: async () => ({
    json: { versions: SPEC_VERSIONS, unstable_features: UNSTABLE_FEATURES },
  }),
});
