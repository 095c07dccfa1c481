import { createHash } from "node:crypto";
import { multiaddr } from "@multiformats/multiaddr";
import { base32, parseBase32 } from "./base32.ts";
import { peerIdOf, publicKeyOf } from "./identity.ts";

/** What a person carries from a box of the mesh to a new one. Whoever has it can join, once. */
export interface Invitation {
  /** The mesh's pre-shared key, 32 bytes. */
  readonly psk: Uint8Array;
  /** Seals the join request, 32 bytes, of this invitation only. */
  readonly secret: Uint8Array;
  /** 8 bytes. */
  readonly inviteId: Uint8Array;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
  /** Multiaddrs of the inviting box, the likeliest first. */
  readonly addresses: readonly string[];
  readonly inviterPeerId: string;
  readonly serverName?: string;
}

export type InvitationErrorCode = "not_an_invitation" | "truncated" | "mistyped" | "expired";

/** Why a code cannot be used; the message is for the person who typed it. */
export class InvitationError extends Error {
  override readonly name = "InvitationError";
  readonly code: InvitationErrorCode;

  constructor(code: InvitationErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** The format's version is in the prefix, so that an old box says so instead of "mistyped". */
const PREFIX = "hearth1";
export const INVITE_SECRET_BYTES = 32;
export const INVITE_ID_BYTES = 8;
/** More would make the code too long to handle; the others are learned after joining. */
export const INVITE_ADDRESSES_MAX = 8;
const KEY_BYTES = 32;
const LENGTH_BYTES = 2;
const TIME_BYTES = 6;
const CHECKSUM_BYTES = 4;
/** Characters that hold the length and come out at whole bytes. */
const HEAD_CHARS = 8;
/** Longest code looked at, characters. */
const CODE_CHARS_MAX = 4096;

/** The text of an invitation: lower-case letters and digits, safe to read aloud. */
export function createInvitation(invitation: Invitation): string {
  const { psk, secret, inviteId, expiresAt, addresses, inviterPeerId, serverName } = invitation;
  const inviterKey = publicKeyOf(inviterPeerId);
  if (inviterKey === undefined) throw new Error("The inviter's peer ID is no Ed25519 key");
  if (psk.length !== KEY_BYTES || secret.length !== INVITE_SECRET_BYTES) {
    throw new Error("The keys of an invitation have 32 bytes");
  }
  if (inviteId.length !== INVITE_ID_BYTES) throw new Error("An invite ID has 8 bytes");
  const time = Buffer.alloc(TIME_BYTES);
  time.writeUIntBE(expiresAt, 0, TIME_BYTES);
  const packed = addresses.slice(0, INVITE_ADDRESSES_MAX).map(packAddress);
  const name = Buffer.from(serverName ?? "");
  const body = Buffer.concat([
    psk,
    secret,
    inviteId,
    time,
    inviterKey,
    Uint8Array.of(packed.length),
    ...packed.flatMap((address) => [Uint8Array.of(address.length), address]),
    Uint8Array.of(name.length),
    name,
  ]);
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt16BE(body.length);
  return PREFIX + base32(Buffer.concat([length, body, checksumOf(body)]));
}

/**
 * Reads a code as people paste it: spaces, line breaks and upper case do not matter.
 * Throws an InvitationError that says what is wrong with it.
 */
export function parseInvitation(code: string, nowMs: number): Invitation {
  const invitation = unpack(bodyOf(code));
  if (invitation === undefined) throw mistyped();
  if (nowMs >= invitation.expiresAt) {
    throw new InvitationError("expired", "This invitation has expired. Ask for a new one.");
  }
  return invitation;
}

function bodyOf(code: string): Buffer {
  const plain = code.slice(0, CODE_CHARS_MAX).replaceAll(/\s/g, "").toLowerCase();
  if (!plain.startsWith(PREFIX)) {
    throw new InvitationError(
      "not_an_invitation",
      `This is not an invitation for this version of Hearth: it does not start with "${PREFIX}".`,
    );
  }
  const encoded = plain.slice(PREFIX.length);
  if (encoded.length < HEAD_CHARS) throw truncated();
  const head = parseBase32(encoded.slice(0, HEAD_CHARS));
  const whole = parseBase32(encoded);
  const length = head === undefined ? undefined : Buffer.from(head).readUInt16BE(0);
  if (length === undefined) throw mistyped();
  const charsNeeded = Math.ceil(((LENGTH_BYTES + length + CHECKSUM_BYTES) * 8) / 5);
  if (encoded.length < charsNeeded) {
    throw truncated();
  }
  if (whole === undefined || encoded.length > charsNeeded) throw mistyped();
  const body = Buffer.from(whole.subarray(LENGTH_BYTES, LENGTH_BYTES + length));
  const checksum = whole.subarray(LENGTH_BYTES + length);
  if (!checksumOf(body).equals(checksum)) throw mistyped();
  return body;
}

/** Undefined when the body does not add up, although its checksum does. */
function unpack(body: Buffer): Invitation | undefined {
  let offset = 0;
  const take = (length: number): Uint8Array => {
    if (offset + length > body.length) throw new RangeError("Past the end");
    offset += length;
    return new Uint8Array(body.subarray(offset - length, offset));
  };
  const takeSized = (): Uint8Array => take(take(1)[0] ?? 0);
  try {
    const psk = take(KEY_BYTES);
    const secret = take(INVITE_SECRET_BYTES);
    const inviteId = take(INVITE_ID_BYTES);
    const expiresAt = Buffer.from(take(TIME_BYTES)).readUIntBE(0, TIME_BYTES);
    const inviterPeerId = peerIdOf(take(KEY_BYTES));
    const count = take(1)[0] ?? 0;
    const addresses = Array.from({ length: count }, () => multiaddr(takeSized()).toString());
    const name = Buffer.from(takeSized()).toString();
    if (offset !== body.length || count > INVITE_ADDRESSES_MAX) return undefined;
    const fields = { psk, secret, inviteId, expiresAt, addresses, inviterPeerId };
    return name === "" ? fields : { ...fields, serverName: name };
  } catch {
    return undefined;
  }
}

/** The peer ID is in the invitation once; each address does without. */
function packAddress(address: string): Uint8Array {
  return multiaddr(address.replace(/\/p2p\/[^/]+$/, "")).bytes;
}

function checksumOf(body: Uint8Array): Buffer {
  return createHash("sha256").update(PREFIX).update(body).digest().subarray(0, CHECKSUM_BYTES);
}

function truncated(): InvitationError {
  return new InvitationError(
    "truncated",
    "The invitation is cut short: copy all of it, from the first to the last character.",
  );
}

function mistyped(): InvitationError {
  return new InvitationError("mistyped", "The invitation has a mistake in it: copy it again.");
}
