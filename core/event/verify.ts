import type { ServerName } from "../ids.ts";
import { isObject } from "../json.ts";
import type { RoomVersion } from "../room-version/room-version.ts";
import { verifyText } from "./ed25519.ts";
import { hasValidContentHash, signedText } from "./hash.ts";
import type { Pdu } from "./pdu.ts";
import { redact } from "./redact.ts";
import { signaturesBy } from "./sign.ts";
import { domainOf } from "./user-id.ts";

/** A key is trusted for at most this long from now, whatever its server promises (milliseconds). */
export const KEY_TRUST_MS_MAX = 7 * 24 * 60 * 60 * 1000;

/** Signatures of one server that are tried on one event: a stranger may attach any number. */
const SIGNATURES_MAX = 10;

/** A server's public signing key as published by it. */
export interface VerifyKey {
  /** Base64 of 32 bytes. */
  readonly publicKey: string;
  /** Milliseconds; already limited by `trustedUntil`. */
  readonly validUntilTs: number;
  /** Present on old keys: events after this time are not to be trusted to it. */
  readonly expiredTs?: number;
}

export type VerifyKeys = (server: ServerName, keyId: string) => VerifyKey | undefined;

/** https://spec.matrix.org/v1.19/rooms/v12/#signing-key-validity-period */
export function trustedUntil(validUntilTs: number, nowMs: number): number {
  return Math.min(validUntilTs, nowMs + KEY_TRUST_MS_MAX);
}

/**
 * The servers without whose signature an event is dropped.
 * https://spec.matrix.org/v1.19/server-server-api/#validating-hashes-and-signatures-on-received-events
 */
export function requiredSigners(version: RoomVersion, event: Pdu): ReadonlySet<ServerName> {
  const servers = new Set<ServerName>();
  const isMember = event.type === "m.room.member";
  const isThirdPartyInvite =
    isMember &&
    event.content["membership"] === "invite" &&
    isObject(event.content["third_party_invite"]);
  if (!isThirdPartyInvite) servers.add(domainOf(event.sender));
  if (version.eventId === "assigned" && event.event_id) servers.add(domainOf(event.event_id));
  const authoriser = event.content["join_authorised_via_users_server"];
  if (isMember && version.auth.restricted && typeof authoriser === "string") {
    servers.add(domainOf(authoriser));
  }
  return servers;
}

/** The first server that had to sign the event and did not, or `undefined` if all did. */
export function missingSigner(
  version: RoomVersion,
  event: Pdu,
  keys: VerifyKeys,
): ServerName | undefined {
  const text = signedText(version, event);
  for (const server of requiredSigners(version, event)) {
    if (!isSignedBy(version, event, server, text, keys)) return server;
  }
  return undefined;
}

/** The event itself if its content is what was hashed, else what redaction leaves of it. */
export function withTrustedContent(version: RoomVersion, event: Pdu): Pdu {
  return hasValidContentHash(version, event) ? event : redact(version, event);
}

/** One good signature is enough. Unknown and expired keys are skipped, a bad signature is not. */
function isSignedBy(
  version: RoomVersion,
  event: Pdu,
  server: ServerName,
  text: string,
  keys: VerifyKeys,
): boolean {
  const signatures = signaturesBy(event.signatures, server);
  if (signatures.size > SIGNATURES_MAX) return false;
  let good = 0;
  for (const [keyId, signature] of signatures) {
    const key = keys(server, keyId);
    if (key === undefined || !isValidAt(version, key, event.origin_server_ts)) continue;
    if (!verifyText(text, key.publicKey, signature)) return false;
    good++;
  }
  return good > 0;
}

function isValidAt(version: RoomVersion, key: VerifyKey, originServerTs: number): boolean {
  if (key.expiredTs !== undefined) return originServerTs <= key.expiredTs;
  return !version.enforcesKeyValidity || originServerTs <= key.validUntilTs;
}
