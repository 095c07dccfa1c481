import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";

const CIPHER = "aes-256-ctr";
const KEY_BYTES = 32;
/** The other half of the counter block starts at zero. */
const NONCE_BYTES = 8;

/**
 * How to read an encrypted file, without its `url`.
 * https://spec.matrix.org/v1.19/client-server-api/#extensions-to-mroommessage-msgtypes
 */
export interface EncryptedFile {
  readonly v: "v2";
  readonly key: {
    readonly kty: "oct";
    readonly key_ops: readonly ["encrypt", "decrypt"];
    readonly alg: "A256CTR";
    readonly k: string;
    readonly ext: true;
  };
  readonly iv: string;
  readonly hashes: { readonly sha256: string };
}

const unpadded = (bytes: Uint8Array): string =>
  Buffer.from(bytes).toString("base64").replaceAll("=", "");

const sha256 = (bytes: Uint8Array): string => unpadded(createHash("sha256").update(bytes).digest());

export function encryptFile(plain: Uint8Array): { bytes: Buffer; file: EncryptedFile } {
  const key = randomBytes(KEY_BYTES);
  const iv = Buffer.concat([randomBytes(NONCE_BYTES), Buffer.alloc(NONCE_BYTES)]);
  const cipher = createCipheriv(CIPHER, key, iv);
  const bytes = Buffer.concat([cipher.update(plain), cipher.final()]);
  const jwk = {
    kty: "oct",
    key_ops: ["encrypt", "decrypt"],
    alg: "A256CTR",
    k: key.toString("base64url"),
    ext: true,
  } as const;
  const file = { v: "v2", key: jwk, iv: unpadded(iv), hashes: { sha256: sha256(bytes) } } as const;
  return { bytes, file };
}

/** Throws when the bytes are not those that were encrypted. */
export function decryptFile(bytes: Uint8Array, file: EncryptedFile): Buffer {
  if (sha256(bytes) !== file.hashes.sha256)
    throw new Error("the file is not the one that was sent");
  const key = Buffer.from(file.key.k, "base64url");
  const cipher = createDecipheriv(CIPHER, key, Buffer.from(file.iv, "base64"));
  return Buffer.concat([cipher.update(bytes), cipher.final()]);
}
