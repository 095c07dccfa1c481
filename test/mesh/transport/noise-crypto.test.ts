import { pureJsCrypto } from "@chainsafe/libp2p-noise";
import { describe, expect, it } from "vitest";
import { noiseCrypto } from "../../../mesh/transport/noise-crypto.ts";

const nonce = new Uint8Array(12).fill(3);
/** As the two implementations say it. */
const REFUSED = /decryption|authenticate/;
const ad = Uint8Array.of(1, 2);
const bytesOf = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i % 251);

describe("the ciphers of a connection", () => {
  it.each([0, 1, 255, 256, 1200, 65_519])("are the standard's for %i bytes", (length) => {
    const key = bytesOf(32);
    const sealed = noiseCrypto.chaCha20Poly1305Encrypt(bytesOf(length), nonce, ad, key).subarray();
    const expected = pureJsCrypto.chaCha20Poly1305Encrypt(bytesOf(length), nonce, ad, key);
    expect(Buffer.from(sealed)).toEqual(Buffer.from(expected.subarray()));
    const opened = noiseCrypto.chaCha20Poly1305Decrypt(sealed, nonce, ad, key).subarray();
    expect(Buffer.from(opened)).toEqual(Buffer.from(bytesOf(length)));
  });

  it.each([10, 5000])("refuse %i bytes of which one was changed", (length) => {
    const key = bytesOf(32);
    const sealed = noiseCrypto.chaCha20Poly1305Encrypt(bytesOf(length), nonce, ad, key).slice();
    sealed[5] = (sealed[5] ?? 0) ^ 1;
    expect(() => noiseCrypto.chaCha20Poly1305Decrypt(sealed, nonce, ad, key)).toThrow(REFUSED);
  });

  it("tell two keys apart", () => {
    const [one, two] = [bytesOf(32), bytesOf(32).reverse()];
    const sealed = noiseCrypto.chaCha20Poly1305Encrypt(bytesOf(999), nonce, ad, one).subarray();
    expect(() => noiseCrypto.chaCha20Poly1305Decrypt(sealed, nonce, ad, two)).toThrow(REFUSED);
  });
});
