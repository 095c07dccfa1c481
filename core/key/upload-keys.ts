import { requireLive } from "../account/tokens.ts";
import { canonicalJson } from "../event/canonical-json.ts";
import { invalidParam, MatrixError } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { isObject } from "../json.ts";
import type { BoxId } from "../ids.ts";
import type { Requester, Services } from "../services.ts";
import { oneTimeKeys } from "../tables.ts";
import type { Draft } from "../transaction/draft.ts";
import { userDoc } from "../user-data/section.ts";
import {
  KEY_BYTES_MAX,
  ONE_TIME_KEYS_PER_DEVICE_MAX,
  ONE_TIME_KEYS_PER_UPLOAD_MAX,
} from "./constants.ts";
import type { NamedKey } from "./one-time-keys.ts";
import {
  countOneTimeKeys,
  fallbackField,
  isFallbackAlgorithm,
  namedKeys,
  ownerOfKey,
  storedKeyId,
} from "./one-time-keys.ts";

export interface KeyUpload {
  readonly requester: Requester;
  readonly deviceKeys?: JsonObject | undefined;
  readonly oneTimeKeys?: JsonObject | undefined;
  readonly fallbackKeys?: JsonObject | undefined;
}

/**
 * Publishes keys of the device that asks; the reply is its counts of unclaimed one-time keys.
 * https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysupload
 * @throws MatrixError 400 for keys of another device or a key ID that is taken by another key, 401
 * M_UNKNOWN_TOKEN for a device that was logged out since the request began
 */
export async function uploadDeviceKeys(
  deps: Pick<Services, "boxes" | "runner">,
  input: KeyUpload,
): Promise<Readonly<Record<string, number>>> {
  return deps.runner.run(publishKeys, { ...input, members: deps.boxes.members() });
}

/** Command of `uploadDeviceKeys`; each one-time key is given to one of the `members`. */
export function publishKeys(
  draft: Draft,
  input: KeyUpload & { readonly members: readonly BoxId[] },
): Readonly<Record<string, number>> {
  const { user, device, deviceCreated } = input.requester;
  // The token was good before the body arrived; a device that was removed meanwhile must stay gone.
  requireLive(draft, input.requester);
  if (draft.getField(userDoc(user), "devices", device) === undefined) {
    // The login was on a box that is cut off now; the token vouches for the device.
    draft.setField(userDoc(user), "devices", device, { created: deviceCreated });
  }
  if (input.deviceKeys) publishDeviceKeys(draft, input.requester, input.deviceKeys);
  if (input.oneTimeKeys) {
    addOneTimeKeys(draft, input.requester, namedKeys(input.oneTimeKeys), input.members);
  }
  for (const { algorithm, keyId, key } of namedKeys(input.fallbackKeys ?? {})) {
    if (!isFallbackAlgorithm(algorithm)) throw invalidParam(`no fallback keys for ${algorithm}`);
    const stored = { keyId: storedKeyId(deviceCreated, keyId), key };
    draft.setField(userDoc(user), "fallback_keys", fallbackField(device, algorithm), stored);
  }
  return countOneTimeKeys(draft, user, device);
}

function publishDeviceKeys(draft: Draft, { user, device }: Requester, keys: JsonObject): void {
  if (keys["user_id"] !== user || keys["device_id"] !== device) {
    throw invalidParam("device_keys: user_id and device_id must be those of the access token");
  }
  if (Buffer.byteLength(canonicalJson(keys)) > KEY_BYTES_MAX) {
    throw invalidParam("device_keys: the keys are too large");
  }
  // What servers add on the way is not the device's to say.
  const { unsigned: _, ...own } = keys;
  const before = draft.getField(userDoc(user), "device_keys", device);
  // Equal keys in another order of members are no news for other users' clients.
  if (isObject(before) && canonicalJson(before) === canonicalJson(own)) return;
  draft.setField(userDoc(user), "device_keys", device, own);
}

function addOneTimeKeys(
  draft: Draft,
  requester: Requester,
  keys: readonly NamedKey[],
  members: readonly BoxId[],
): void {
  const { user, device, deviceCreated } = requester;
  const held = Object.values(countOneTimeKeys(draft, user, device)).reduce((a, b) => a + b, 0);
  if (
    keys.length > ONE_TIME_KEYS_PER_UPLOAD_MAX ||
    held + keys.length > ONE_TIME_KEYS_PER_DEVICE_MAX
  ) {
    throw invalidParam("too many one-time keys");
  }
  for (const { algorithm, keyId, key } of keys) {
    const stored = storedKeyId(deviceCreated, keyId);
    const before = draft.get(oneTimeKeys, [user, device, algorithm, stored]);
    if (before?.key !== undefined && canonicalJson(before.key) !== canonicalJson(key)) {
      const message = `one-time key ${algorithm}:${keyId} exists already with another value`;
      throw new MatrixError(400, "M_UNKNOWN", message);
    }
    // The same key again is a retry; one that was claimed stays claimed.
    if (before !== undefined) continue;
    const owner = ownerOfKey(members, [user, device, algorithm, stored]);
    draft.addOneTimeKey({ user, device, algorithm, keyId: stored, key, owner });
  }
}
