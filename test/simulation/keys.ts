import { claimDeviceKeys } from "../../core/key/claim-keys.ts";
import { uploadDeviceKeys } from "../../core/key/upload-keys.ts";
import type { Model } from "./model.ts";
import type { SimClient } from "./sim-client.ts";

const ALGORITHM = "signed_curve25519";
export const KEYS_PER_UPLOAD = 5;

/** Uploads one-time keys with these numbers, and the last one as fallback. */
export function uploadKeys(client: SimClient, from: number): Promise<unknown> {
  const oneTimeKeys = Object.fromEntries(
    Array.from({ length: KEYS_PER_UPLOAD }, (_, i) => {
      const id = `K${from + i}`;
      return [`${ALGORITHM}:${id}`, { key: id, signatures: {} }];
    }),
  );
  const fallback = `F${from + KEYS_PER_UPLOAD - 1}`;
  const fallbackKeys = { [`${ALGORITHM}:${fallback}`]: { key: fallback, fallback: true } };
  return client.call("upload keys", (deps, requester) =>
    uploadDeviceKeys(deps, { requester, oneTimeKeys, fallbackKeys }),
  );
}

/** Each response that carries a key counts, those that the client never sees as well. */
export function claimKey(
  client: SimClient,
  { user, device }: SimClient,
  model: Model,
): Promise<unknown> {
  return client.call("claim", async (deps) => {
    const [key] = await claimDeviceKeys(deps, [{ user, device, algorithm: ALGORITHM }]);
    if (!key) return;
    const name = `${user}|${device}|${key.keyId}`;
    if (key.keyId.startsWith("F")) model.fallbacks.add(name);
    else model.claimed.set(name, [...(model.claimed.get(name) ?? []), client.name]);
  });
}

/** Tells everybody of a new key of the device. */
export function tellDeviceKeys(client: SimClient, number: number): Promise<unknown> {
  const { user, device } = client;
  const keys = { [`ed25519:${device}`]: `key${number}` };
  const deviceKeys = { user_id: user, device_id: device, algorithms: [], keys, signatures: {} };
  return client.call("device keys", (deps, requester) =>
    uploadDeviceKeys(deps, { requester, deviceKeys }),
  );
}
