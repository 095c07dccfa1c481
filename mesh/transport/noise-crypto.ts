import { createSecretKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { ICryptoInterface } from "@chainsafe/libp2p-noise";
import { defaultCrypto, nodeCrypto } from "@chainsafe/libp2p-noise/crypto";

/** From this many bytes on OpenSSL beats the WebAssembly that is the default below 1,200. */
const OPENSSL_BYTES_MIN = 256;

const prepared = new WeakMap<Uint8Array, KeyObject>();

/**
 * A connection keeps its two keys for life. Handing the bytes to OpenSSL for every packet costs 30 µs,
 * more than encrypting it.
 */
function keyOf(bytes: Uint8Array): Uint8Array {
  let key = prepared.get(bytes);
  if (key === undefined) {
    key = createSecretKey(bytes);
    prepared.set(bytes, key);
  }
  // The library's types know bytes only; it passes the key on to `node:crypto`, which takes both.
  return key as unknown as Uint8Array;
}

export const noiseCrypto: ICryptoInterface = {
  ...defaultCrypto,
  chaCha20Poly1305Encrypt: (plaintext, nonce, ad, key) =>
    plaintext.byteLength < OPENSSL_BYTES_MIN
      ? defaultCrypto.chaCha20Poly1305Encrypt(plaintext, nonce, ad, key)
      : nodeCrypto.chaCha20Poly1305Encrypt(plaintext, nonce, ad, keyOf(key)),
  chaCha20Poly1305Decrypt: (ciphertext, nonce, ad, key, into) =>
    ciphertext.byteLength < OPENSSL_BYTES_MIN
      ? defaultCrypto.chaCha20Poly1305Decrypt(ciphertext, nonce, ad, key, into)
      : nodeCrypto.chaCha20Poly1305Decrypt(ciphertext, nonce, ad, keyOf(key)),
};
