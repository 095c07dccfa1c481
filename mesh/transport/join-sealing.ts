import nacl from "tweetnacl";
import type { Random } from "../../core/ports.ts";
import { JOIN_REQUEST_BYTES_MAX } from "./constants.ts";
import { publicKeyOf } from "./identity.ts";
import { INVITE_ID_BYTES } from "./invitation.ts";

/** What a joiner tells about itself. */
export interface JoinRequest {
  /** Its peer ID; must be the one of the connection that the request comes over. */
  readonly peerId: string;
  /** The box's name, as people call it. */
  readonly name: string;
  /** Multiaddrs under which it will listen as a member. */
  readonly addresses: readonly string[];
  /** Where the answer is sealed to, 32 bytes; its secret half never leaves the joiner. */
  readonly answerKey: Uint8Array;
}

const NONCE_BYTES = nacl.secretbox.nonceLength;
const BOX_KEY_BYTES = nacl.box.publicKeyLength;
/** Largest name and address list that a request may carry. */
const NAME_CHARS_MAX = 64;
const ADDRESSES_MAX = 32;
const ADDRESS_CHARS_MAX = 256;

/** A fresh pair for one join; the public half goes into the request. */
export function newAnswerKeys(random: Random): nacl.BoxKeyPair {
  return nacl.box.keyPair.fromSecretKey(random.bytes(nacl.box.secretKeyLength));
}

/** Invite ID (8 bytes), nonce (24 bytes), the request as JSON sealed under the invitation's secret. */
export function sealJoinRequest(
  invitation: { readonly inviteId: Uint8Array; readonly secret: Uint8Array },
  request: JoinRequest,
  random: Random,
): Uint8Array {
  const answerKey = Buffer.from(request.answerKey).toString("base64");
  const plain = Buffer.from(JSON.stringify({ ...request, answerKey }));
  const nonce = random.bytes(NONCE_BYTES);
  const sealed = nacl.secretbox(new Uint8Array(plain), nonce, invitation.secret);
  return Buffer.concat([invitation.inviteId, nonce, sealed]);
}

/** Which invitation a request claims to answer; undefined when it is no request. */
export function inviteIdOf(sealed: Uint8Array): Uint8Array | undefined {
  const shortest = INVITE_ID_BYTES + NONCE_BYTES + nacl.secretbox.overheadLength;
  if (sealed.length <= shortest || sealed.length > JOIN_REQUEST_BYTES_MAX) return undefined;
  return sealed.slice(0, INVITE_ID_BYTES);
}

/**
 * Opens a request under the secret of its invitation. Undefined when it was not sealed with it, was
 * changed, is malformed, or comes over the connection of another peer than it speaks for.
 */
export function openJoinRequest(
  sealed: Uint8Array,
  secret: Uint8Array,
  connectionPeerId: string,
): JoinRequest | undefined {
  if (inviteIdOf(sealed) === undefined) return undefined;
  const nonce = sealed.slice(INVITE_ID_BYTES, INVITE_ID_BYTES + NONCE_BYTES);
  const plain = nacl.secretbox.open(sealed.slice(INVITE_ID_BYTES + NONCE_BYTES), nonce, secret);
  if (plain === null) return undefined;
  const request = parseRequest(Buffer.from(plain).toString());
  return request?.peerId === connectionPeerId ? request : undefined;
}

/** Sender's key (32 bytes), nonce (24 bytes), the payload boxed to the joiner's answer key. */
export function sealJoinAnswer(
  payload: Uint8Array,
  answerKey: Uint8Array,
  random: Random,
): Uint8Array {
  const sender = newAnswerKeys(random);
  const nonce = random.bytes(NONCE_BYTES);
  const sealed = nacl.box(new Uint8Array(payload), nonce, answerKey, sender.secretKey);
  return Buffer.concat([sender.publicKey, nonce, sealed]);
}

/** Undefined when the answer was not sealed to this key or was changed. */
export function openJoinAnswer(
  sealed: Uint8Array,
  answerSecret: Uint8Array,
): Uint8Array | undefined {
  if (sealed.length < BOX_KEY_BYTES + NONCE_BYTES + nacl.box.overheadLength) return undefined;
  const senderKey = sealed.slice(0, BOX_KEY_BYTES);
  const nonce = sealed.slice(BOX_KEY_BYTES, BOX_KEY_BYTES + NONCE_BYTES);
  const boxed = sealed.slice(BOX_KEY_BYTES + NONCE_BYTES);
  return nacl.box.open(boxed, nonce, senderKey, answerSecret) ?? undefined;
}

function parseRequest(json: string): JoinRequest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) return undefined;
  const { peerId, name, addresses, answerKey } = value as Record<string, unknown>;
  if (typeof peerId !== "string" || publicKeyOf(peerId) === undefined) return undefined;
  if (typeof name !== "string" || name === "" || name.length > NAME_CHARS_MAX) return undefined;
  if (!Array.isArray(addresses) || addresses.length > ADDRESSES_MAX) return undefined;
  const isAddress = (address: unknown): address is string =>
    typeof address === "string" && address.length <= ADDRESS_CHARS_MAX;
  if (!addresses.every(isAddress) || typeof answerKey !== "string") return undefined;
  const key = new Uint8Array(Buffer.from(answerKey, "base64"));
  return key.length === BOX_KEY_BYTES ? { peerId, name, addresses, answerKey: key } : undefined;
}
