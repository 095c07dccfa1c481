import { generateKeyPairSync } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { canonicalJson } from "../../core/event/canonical-json.ts";
import { publicKeyOf, signText } from "../../core/event/ed25519.ts";
import type { JsonObject } from "../../core/json.ts";
import { isObject } from "../../core/json.ts";

const unpadded = (bytes: Uint8Array): string =>
  Buffer.from(bytes).toString("base64").replaceAll("=", "");

/** A key pair of a test's device or cross-signing identity. */
export interface TestKey {
  readonly privateKey: KeyObject;
  /** Unpadded base64. */
  readonly publicKey: string;
}

export function newKey(): TestKey {
  const { privateKey } = generateKeyPairSync("ed25519");
  return { privateKey, publicKey: unpadded(publicKeyOf(privateKey)) };
}

/** Adds a signature by `ed25519:<name>` of the user. */
export function signedBy(value: JsonObject, user: string, name: string, key: TestKey): JsonObject {
  const { signatures, unsigned: _, ...covered } = value;
  const before = isObject(signatures) ? signatures : {};
  const mine = isObject(before[user]) ? before[user] : {};
  const signature = unpadded(signText(canonicalJson(covered), key.privateKey));
  return {
    ...covered,
    signatures: { ...before, [user]: { ...mine, [`ed25519:${name}`]: signature } },
  };
}

export function deviceKeys(user: string, device: string, key: TestKey): JsonObject {
  const unsignedKeys = {
    user_id: user,
    device_id: device,
    algorithms: ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"],
    keys: { [`curve25519:${device}`]: "curve", [`ed25519:${device}`]: key.publicKey },
  };
  return signedBy(unsignedKeys, user, device, key);
}

export function crossSigningKey(user: string, usage: string, key: TestKey): JsonObject {
  const keys = { [`ed25519:${key.publicKey}`]: key.publicKey };
  return { user_id: user, usage: [usage], keys };
}

/** A whole cross-signing identity, as `/keys/device_signing/upload` takes it. */
export function crossSigningIdentity(user: string): {
  readonly master: TestKey;
  readonly selfSigning: TestKey;
  readonly userSigning: TestKey;
  readonly body: JsonObject;
} {
  const [master, selfSigning, userSigning] = [newKey(), newKey(), newKey()];
  const signed = (usage: string, key: TestKey): JsonObject =>
    signedBy(crossSigningKey(user, usage, key), user, master.publicKey, master);
  const body = {
    master_key: crossSigningKey(user, "master", master),
    self_signing_key: signed("self_signing", selfSigning),
    user_signing_key: signed("user_signing", userSigning),
  };
  return { master, selfSigning, userSigning, body };
}

/** One-time keys `signed_curve25519:<prefix><i>`. */
export function oneTimeKeys(count: number, prefix = "AAAA"): Record<string, JsonObject> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, i) => [
      `signed_curve25519:${prefix}${i}`,
      { key: `key-${prefix}${i}`, signatures: {} },
    ]),
  );
}
