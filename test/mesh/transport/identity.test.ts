import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { parseBoxId } from "../../../core/ids.ts";
import {
  boxIdOf,
  newPeerSeed,
  peerIdOf,
  peerKeysOf,
  publicKeyOf,
} from "../../../mesh/transport/identity.ts";
import { realRandom } from "./support.ts";

describe("the identity of a box", () => {
  test("follows from its seed alone", () => {
    const seed = newPeerSeed(realRandom);
    expect(peerKeysOf(seed)).toEqual(peerKeysOf(seed));
    expect(peerKeysOf(seed).box).not.toBe(peerKeysOf(newPeerSeed(realRandom)).box);
  });

  test("has a box ID that is the start of the key's hash in base32", () => {
    const { publicKey, box } = peerKeysOf(new Uint8Array(32).fill(7));
    const firstBits = createHash("sha256").update(publicKey).digest().readUInt8(0) >> 3;
    expect(parseBoxId(box)).toBe(box);
    expect(box[0]).toBe("abcdefghijklmnopqrstuvwxyz234567"[firstBits]);
    expect(boxIdOf(publicKey)).toBe(box);
  });

  test("has a peer ID from which the public key can be read", () => {
    const keys = peerKeysOf(newPeerSeed(realRandom));
    expect(keys.peerId).toMatch(/^12D3KooW/);
    expect(publicKeyOf(keys.peerId)).toEqual(keys.publicKey);
    expect(peerIdOf(keys.publicKey)).toBe(keys.peerId);
  });

  test.each(["", "nonsense", "QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N"])(
    "finds no Ed25519 key in %j",
    (peerId) => {
      expect(publicKeyOf(peerId)).toBeUndefined();
    },
  );

  test("refuses a seed of another length", () => {
    expect(() => peerKeysOf(new Uint8Array(31))).toThrow("bad seed size");
  });
});
