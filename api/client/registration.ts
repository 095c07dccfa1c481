import {
  refuseGuest,
  register as registerUser,
  wantedUserId,
} from "../../core/account/register.ts";
import { isRegistrationTokenValid } from "../../core/account/registration-tokens.ts";
import { missingParam } from "../../core/errors.ts";
import { publicEndpoint } from "../endpoint.ts";
import { deviceIdOf, textOf } from "../parse-ids.ts";
import { tokensJson } from "../tokens-json.ts";
import { requireUia } from "../pipeline/uia.ts";

/** Registers an account: freely where the owner allows it, else with a registration token. */
export const register = publicEndpoint({
  operationId: "register",
  method: "POST",
  path: "/_matrix/client/v3/register",
  rateLimit: "registration",
  bodySchema: "register",
  handle: async (request, services) => {
    const { body, query } = request;
    if (query.get("kind") === "guest") refuseGuest();
    const user = wantedUserId(services, textOf(body["username"]));
    const device = body["device_id"] === undefined ? undefined : deviceIdOf(body["device_id"]);
    const stage = services.settings.openRegistration
      ? ("m.login.dummy" as const)
      : ("m.login.registration_token" as const);
    const { registrationToken } = await requireUia(request, services, {
      flows: [[stage]],
      acceptsRegistrationToken: (token) => isRegistrationTokenValid(services, token),
    });
    const password = textOf(body["password"]);
    if (password === undefined) throw missingParam("password is missing");
    const made = await registerUser(services, {
      user,
      password,
      device,
      deviceName: textOf(body["initial_device_display_name"]),
      refreshable: body["refresh_token"] === true,
      inhibitLogin: body["inhibit_login"] === true,
      registrationToken,
    });
    const session = "token" in made ? { device_id: made.device, ...tokensJson(made) } : {};
    return { json: { user_id: made.user, ...session } };
  },
});

/** Is a user name free and possible? */
export const checkUsernameAvailability = publicEndpoint({
  operationId: "checkUsernameAvailability",
  method: "GET",
  path: "/_matrix/client/v3/register/available",
  rateLimit: "registration",
  handle: async ({ query }, services) => {
    wantedUserId(services, query.get("username") ?? "");
    return { json: { available: true } };
  },
});
