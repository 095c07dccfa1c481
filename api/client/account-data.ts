import { readAccountData, storeAccountData } from "../../core/user-data/account-data.ts";
import { userEndpoint } from "../endpoint.ts";
import { ownUser } from "../own-data.ts";
import { roomIdOf } from "../parse-ids.ts";

/** Sets account data of the account. */
export const setAccountData = userEndpoint({
  operationId: "setAccountData",
  method: "PUT",
  path: "/_matrix/client/v3/user/{userId}/account_data/{type}",
  rateLimit: "default",
  bodySchema: "setAccountData",
  handle: async ({ auth, params, body }, services) => {
    const user = ownUser(auth, params.userId);
    await storeAccountData(services, { user, type: params.type, content: body });
    return { json: {} };
  },
});

/** Account data of the account. */
export const getAccountData = userEndpoint({
  operationId: "getAccountData",
  method: "GET",
  path: "/_matrix/client/v3/user/{userId}/account_data/{type}",
  rateLimit: "default",
  handle: async ({ auth, params }, services) => {
    const user = ownUser(auth, params.userId);
    return { json: await readAccountData(services, { user, type: params.type }) };
  },
});

/** Sets account data of the account in one room. */
export const setAccountDataPerRoom = userEndpoint({
  operationId: "setAccountDataPerRoom",
  method: "PUT",
  path: "/_matrix/client/v3/user/{userId}/rooms/{roomId}/account_data/{type}",
  rateLimit: "default",
  bodySchema: "setAccountDataPerRoom",
  handle: async ({ auth, params, body }, services) => {
    const user = ownUser(auth, params.userId);
    const room = roomIdOf(params.roomId);
    await storeAccountData(services, { user, room, type: params.type, content: body });
    return { json: {} };
  },
});

/** Account data of the account in one room. */
export const getAccountDataPerRoom = userEndpoint({
  operationId: "getAccountDataPerRoom",
  method: "GET",
  path: "/_matrix/client/v3/user/{userId}/rooms/{roomId}/account_data/{type}",
  rateLimit: "default",
  handle: async ({ auth, params }, services) => {
    const user = ownUser(auth, params.userId);
    const room = roomIdOf(params.roomId);
    return { json: await readAccountData(services, { user, room, type: params.type }) };
  },
});
