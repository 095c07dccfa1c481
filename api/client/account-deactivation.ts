import { deactivate } from "../../core/account/deactivate.ts";
import { MatrixError } from "../../core/errors.ts";
import { optionalEndpoint } from "../endpoint.ts";
import { requireUia } from "../pipeline/uia.ts";

/** Closes the account for ever. */
export const deactivateAccount = optionalEndpoint({
  operationId: "deactivateAccount",
  method: "POST",
  path: "/_matrix/client/v3/account/deactivate",
  rateLimit: "login",
  bodySchema: "deactivateAccount",
  handle: async (request, services) => {
    const { auth, body } = request;
    if (!auth) throw new MatrixError(401, "M_MISSING_TOKEN", "log in to close the account");
    await requireUia(request, services, { flows: [["m.login.password"]] });
    await deactivate(services, { user: auth.user, erase: body["erase"] === true });
    // Accounts here are bound to no e-mail address, so nothing is left to unbind.
    return { json: { id_server_unbind_result: "success" } };
  },
});
