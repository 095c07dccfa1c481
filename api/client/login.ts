import { logIn, PASSWORD_LOGIN } from "../../core/account/log-in.ts";
import { MatrixError, missingParam } from "../../core/errors.ts";
import { isObject } from "../../core/json.ts";
import { publicEndpoint } from "../endpoint.ts";
import { deviceIdOf, textOf } from "../parse-ids.ts";
import { tokensJson } from "../tokens-json.ts";

/** How users can log in. */
export const getLoginFlows = publicEndpoint({
  operationId: "getLoginFlows",
  method: "GET",
  path: "/_matrix/client/v3/login",
  rateLimit: "default",
  handle: async () => ({ json: { flows: [{ type: PASSWORD_LOGIN }] } }),
});

/** Logs in and makes a device, unless it names one that exists. */
export const login = publicEndpoint({
  operationId: "login",
  method: "POST",
  path: "/_matrix/client/v3/login",
  rateLimit: "login",
  bodySchema: "login",
  handle: async ({ body }, services) => {
    if (body["type"] !== PASSWORD_LOGIN) throw new MatrixError(400, "M_UNKNOWN", "Bad login type.");
    const password = textOf(body["password"]);
    if (password === undefined) throw missingParam("password is missing");
    const session = await logIn(services, {
      identifier: isObject(body["identifier"]) ? body["identifier"] : undefined,
      user: textOf(body["user"]),
      password,
      device: body["device_id"] === undefined ? undefined : deviceIdOf(body["device_id"]),
      deviceName: textOf(body["initial_device_display_name"]),
      refreshable: body["refresh_token"] === true,
    });
    const { publicBaseUrl: url } = services.settings;
    const wellKnown = url === undefined ? {} : { "m.homeserver": { base_url: url } };
    return {
      json: {
        user_id: session.user,
        device_id: session.device,
        ...tokensJson(session),
        ...(url === undefined ? {} : { well_known: wellKnown }),
      },
    };
  },
});
