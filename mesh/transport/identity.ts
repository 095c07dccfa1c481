import { createHash } from "node:crypto";
import { publicKeyFromRaw } from "@libp2p/crypto/keys";
import { peerIdFromPublicKey, peerIdFromString } from "@libp2p/peer-id";
import nacl from "tweetnacl";
import type { BoxId } from "../../core/ids.ts";
import type { Random } from "../../core/ports.ts";
import { base32 } from "./base32.ts";

/** Bytes of the seed that is a box's whole peer identity. Keep it secret. */
export const PEER_SEED_BYTES = 32;
/** Characters of a box ID. */
const BOX_ID_CHARS = 8;

/** The Ed25519 identity of a box in the mesh. */
export interface PeerKeys {
  readonly publicKey: Uint8Array;
  /** 64 bytes: seed, then public key. */
  readonly secretKey: Uint8Array;
  readonly peerId: string;
  readonly box: BoxId;
}

export function newPeerSeed(random: Random): Uint8Array {
  return random.bytes(PEER_SEED_BYTES);
}

/** Throws when the seed is not 32 bytes. */
export function peerKeysOf(seed: Uint8Array): PeerKeys {
  const { publicKey, secretKey } = nacl.sign.keyPair.fromSeed(seed);
  return { publicKey, secretKey, peerId: peerIdOf(publicKey), box: boxIdOf(publicKey) };
}

/** The ID of the box that holds a peer key: base32 of its SHA-256, cut to 8 characters. */
export function boxIdOf(publicKey: Uint8Array): BoxId {
  const hash = createHash("sha256").update(publicKey).digest();
  return base32(hash).slice(0, BOX_ID_CHARS) as BoxId;
}

/** The libp2p peer ID of a raw Ed25519 public key. Throws on bytes that are no key. */
export function peerIdOf(publicKey: Uint8Array): string {
  return peerIdFromPublicKey(publicKeyFromRaw(publicKey)).toString();
}

/** The raw public key in a peer ID, undefined when the text is no Ed25519 peer ID. */
export function publicKeyOf(peerId: string): Uint8Array | undefined {
  try {
    const parsed = peerIdFromString(peerId);
    return parsed.type === "Ed25519" ? parsed.publicKey.raw : undefined;
  } catch {
    return undefined;
  }
}
