import { setPassword } from "../../core/account/manage.ts";
import { MatrixError } from "../../core/errors.ts";
import { optionalEndpoint } from "../endpoint.ts";
import { textOf } from "../parse-ids.ts";
import { requireUia } from "../pipeline/uia.ts";

/** Changes the password and, unless told not to, ends all other sessions. */
export const changePassword = optionalEndpoint({
  operationId: "changePassword",
  method: "POST",
  path: "/_matrix/client/v3/account/password",
  rateLimit: "login",
  bodySchema: "changePassword",
  handle: async (request, services) => {
    const { auth, body } = request;
    // Without a session only a proof by e-mail could do, and there is none here.
    if (!auth) throw new MatrixError(401, "M_MISSING_TOKEN", "log in to change the password");
    await requireUia(request, services, { flows: [["m.login.password"]] });
    await setPassword(services, {
      user: auth.user,
      password: textOf(body["new_password"]) ?? "",
      logoutDevices: body["logout_devices"] !== false,
      keep: auth.device,
    });
    return { json: {} };
  },
});
