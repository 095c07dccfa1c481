import { isRegistrationTokenValid } from "../../core/account/registration-tokens.ts";
import { publicEndpoint } from "../endpoint.ts";

/** May this token be used to register now? */
export const registrationTokenValidity = publicEndpoint({
  operationId: "registrationTokenValidity",
  method: "GET",
  path: "/_matrix/client/v1/register/m.login.registration_token/validity",
  rateLimit: "registration",
  handle: async ({ query }, services) => ({
    json: { valid: isRegistrationTokenValid(services, query.get("token") ?? "") },
  }),
});
