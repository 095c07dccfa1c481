import { claimDeviceKeys, parseClaims } from "../../core/key/claim-keys.ts";
import { deviceListChanges } from "../../core/key/device-list-changes.ts";
import { failuresOf, queryUserKeys } from "../../core/key/query-keys.ts";
import { uploadDeviceKeys } from "../../core/key/upload-keys.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import { userEndpoint } from "../endpoint.ts";

/** Publishes keys of the device that asks. */
export const uploadKeys = userEndpoint({
  operationId: "uploadKeys",
  method: "POST",
  path: "/_matrix/client/v3/keys/upload",
  rateLimit: "default",
  bodySchema: "uploadKeys",
  handle: async ({ auth, body }, services) => {
    const counts = await uploadDeviceKeys(services, {
      requester: auth,
      deviceKeys: body["device_keys"] as JsonObject | undefined,
      oneTimeKeys: body["one_time_keys"] as JsonObject | undefined,
      fallbackKeys: body["fallback_keys"] as JsonObject | undefined,
    });
    return { json: { one_time_key_counts: counts } };
  },
});

/** Device and cross-signing keys of users. */
export const queryKeys = userEndpoint({
  operationId: "queryKeys",
  method: "POST",
  path: "/_matrix/client/v3/keys/query",
  rateLimit: "default",
  bodySchema: "queryKeys",
  handle: async ({ auth, body }, services) => ({
    json: await queryUserKeys(services, auth.user, body["device_keys"] as JsonObject),
  }),
});

/** Claims a one-time key of each of some devices. */
export const claimKeys = userEndpoint({
  operationId: "claimKeys",
  method: "POST",
  path: "/_matrix/client/v3/keys/claim",
  rateLimit: "default",
  bodySchema: "claimKeys",
  handle: async ({ body }, services) => {
    const wishes = body["one_time_keys"] as JsonObject;
    const wanted = parseClaims(wishes, services.serverName);
    const claimed = await claimDeviceKeys(services, wanted);
    const keys: Record<string, Record<string, Json>> = {};
    wanted.forEach(({ user, device, algorithm }, i) => {
      const got = claimed[i];
      if (got) (keys[user] ??= {})[device] = { [`${algorithm}:${got.keyId}`]: got.key };
    });
    const failures = failuresOf(Object.keys(wishes), services.serverName);
    return { json: { one_time_keys: keys, failures } };
  },
});

/** Users whose keys changed between two syncs. */
export const getKeysChanges = userEndpoint({
  operationId: "getKeysChanges",
  method: "GET",
  path: "/_matrix/client/v3/keys/changes",
  rateLimit: "default",
  handle: async ({ auth, query }, services) => ({
    json: await deviceListChanges(services, auth.user, {
      from: query.get("from") ?? "",
      to: query.get("to") ?? "",
    }),
  }),
});
