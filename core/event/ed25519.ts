import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";

/** The ASN.1 in which `node:crypto` takes a raw Ed25519 seed (PKCS #8) or public key (SPKI). */
const SEED_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
const PUBLIC_PREFIX = Buffer.from("302a300506032b6570032100", "hex");

const KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

/** Parsed public keys kept, about 1 kB each: the servers of a few large rooms. */
const PUBLIC_KEYS_MAX = 1000;
const publicKeys = new Map<string, KeyObject | undefined>();

/** @param seed 32 bytes */
export function privateKeyFromSeed(seed: Uint8Array): KeyObject {
  if (seed.length !== KEY_BYTES) throw new Error("an Ed25519 seed has 32 bytes");
  return createPrivateKey({
    key: Buffer.concat([SEED_PREFIX, seed]),
    format: "der",
    type: "pkcs8",
  });
}

/** The raw public half, 32 bytes. */
export function publicKeyOf(privateKey: KeyObject): Uint8Array {
  const der = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  return der.subarray(PUBLIC_PREFIX.length);
}

export function signText(text: string, privateKey: KeyObject): Uint8Array {
  return sign(null, Buffer.from(text), privateKey);
}

/** False for anything that is not a key, not a signature, or not the signature of this text. */
export function verifyText(text: string, publicKey: string, signature: string): boolean {
  const key = parsePublicKey(publicKey);
  const bytes = Buffer.from(signature, "base64");
  if (key === undefined || bytes.length !== SIGNATURE_BYTES) return false;
  return verify(null, Buffer.from(text), key, bytes);
}

/** The cache forgets the key that was parsed first. */
function parsePublicKey(base64: string): KeyObject | undefined {
  if (publicKeys.has(base64)) return publicKeys.get(base64);
  const key = readPublicKey(base64);
  const oldest = publicKeys.keys().next();
  if (publicKeys.size >= PUBLIC_KEYS_MAX && !oldest.done) publicKeys.delete(oldest.value);
  publicKeys.set(base64, key);
  return key;
}

function readPublicKey(base64: string): KeyObject | undefined {
  const raw = Buffer.from(base64, "base64");
  if (raw.length !== KEY_BYTES) return undefined;
  try {
    return createPublicKey({
      key: Buffer.concat([PUBLIC_PREFIX, raw]),
      format: "der",
      type: "spki",
    });
  } catch {
    return undefined;
  }
}
