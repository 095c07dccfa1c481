import type { KeyObject } from "node:crypto";
import type { ServerName } from "../ids.ts";
import { isObject, type JsonObject } from "../json.ts";
import type { RoomVersion } from "../room-version/room-version.ts";
import { canonicalJson } from "./canonical-json.ts";
import { privateKeyFromSeed, signText, verifyText } from "./ed25519.ts";
import {
  contentHash,
  idOfSignedText,
  rememberEventId,
  signedText,
  unpaddedBase64,
  without,
} from "./hash.ts";
import type { DraftPdu, Pdu, Signatures } from "./pdu.ts";

const ALGORITHM = "ed25519:";

export interface SigningKey {
  readonly server: ServerName;
  /** `ed25519:` and a name. */
  readonly keyId: string;
  readonly privateKey: KeyObject;
}

/** @param seed 32 secret bytes */
export function signingKey(server: ServerName, keyId: string, seed: Uint8Array): SigningKey {
  if (!keyId.startsWith(ALGORITHM)) throw new Error("a signing key ID starts with ed25519:");
  return { server, keyId, privateKey: privateKeyFromSeed(seed) };
}

/**
 * A copy of the object with one more signature.
 * https://spec.matrix.org/v1.19/appendices/#signing-details
 */
export function signJson<T extends JsonObject>(
  value: T,
  key: SigningKey,
): T & { readonly signatures: Signatures } {
  const text = canonicalJson(without(value, "signatures", "unsigned"));
  return { ...value, signatures: addSignature(value["signatures"], text, key) };
}

/**
 * Whether one signature on the object is good.
 * https://spec.matrix.org/v1.19/appendices/#checking-for-a-signature
 *
 * @param publicKey the key named `keyId` of `entity`, base64
 */
export function isSignedJson(
  value: JsonObject,
  entity: string,
  keyId: string,
  publicKey: string,
): boolean {
  const signature = signaturesBy(value["signatures"], entity).get(keyId);
  if (signature === undefined) return false;
  return verifyText(canonicalJson(without(value, "signatures", "unsigned")), publicKey, signature);
}

/**
 * Hashes and signs an event that is complete otherwise.
 * https://spec.matrix.org/v1.19/server-server-api/#adding-hashes-and-signatures-to-outgoing-events
 */
export function signEvent(version: RoomVersion, draft: DraftPdu, key: SigningKey): Pdu {
  const { unsigned: _, ...covered } = draft;
  const hashed = { ...covered, hashes: { sha256: contentHash(version, draft) } } as DraftPdu;
  return withSignature(version, hashed, key);
}

/** One more signature on an event that is hashed already, as a server adds to invites and joins. */
export function countersignEvent(version: RoomVersion, event: Pdu, key: SigningKey): Pdu {
  return withSignature(version, event, key);
}

function withSignature(version: RoomVersion, hashed: DraftPdu, key: SigningKey): Pdu {
  const text = signedText(version, hashed);
  const signatures = addSignature(hashed["signatures"], text, key);
  const event = { ...hashed, signatures } as Pdu;
  if (version.eventId !== "assigned") rememberEventId(event, idOfSignedText(version.eventId, text));
  return event;
}

/** key ID → signature, of those that an entity made with an algorithm known here. */
export function signaturesBy(signatures: unknown, entity: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  if (!isObject(signatures) || !Object.hasOwn(signatures, entity)) return found;
  const byKey = signatures[entity];
  if (!isObject(byKey)) return found;
  for (const [keyId, signature] of Object.entries(byKey)) {
    if (keyId.startsWith(ALGORITHM) && typeof signature === "string") found.set(keyId, signature);
  }
  return found;
}

function addSignature(signatures: unknown, text: string, key: SigningKey): Signatures {
  const before = (isObject(signatures) ? signatures : {}) as Signatures;
  const own = Object.hasOwn(before, key.server) ? before[key.server] : {};
  const signature = unpaddedBase64(signText(text, key.privateKey));
  return { ...before, [key.server]: { ...own, [key.keyId]: signature } };
}
