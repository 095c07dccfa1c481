import { logOut, logOutEverywhere } from "../../core/device/remove-devices.ts";
import { userEndpoint } from "../endpoint.ts";

/** Ends the session that asks and removes its device. */
export const logout = userEndpoint({
  operationId: "logout",
  method: "POST",
  path: "/_matrix/client/v3/logout",
  rateLimit: "default",
  bodyOptional: true,
  handle: async ({ auth }, services) => {
    await logOut(services, auth);
    return { json: {} };
  },
});

/** Ends all sessions of the user and removes their devices. */
export const logout_all = userEndpoint({
  operationId: "logout_all",
  method: "POST",
  path: "/_matrix/client/v3/logout/all",
  rateLimit: "default",
  bodyOptional: true,
  handle: async ({ auth }, services) => {
    await logOutEverywhere(services, { user: auth.user, tokenId: auth.tokenId });
    return { json: {} };
  },
});
