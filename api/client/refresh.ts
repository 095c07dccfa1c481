import { refreshSession } from "../../core/account/refresh.ts";
import { textOf } from "../parse-ids.ts";
import { publicEndpoint } from "../endpoint.ts";
import { tokensJson } from "../tokens-json.ts";

/**
 * Gives the next access token of a session for its refresh token, which nobody can guess: failed logins
 * from the same address must not keep it from its budget.
 */
export const refresh = publicEndpoint({
  operationId: "refresh",
  method: "POST",
  path: "/_matrix/client/v3/refresh",
  rateLimit: "default",
  bodySchema: "refresh",
  handle: async ({ body }, services) => {
    const pair = await refreshSession(services, textOf(body["refresh_token"]) ?? "");
    return { json: tokensJson(pair) };
  },
});
