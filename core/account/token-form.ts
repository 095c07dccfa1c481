import { createHmac, createSecretKey, timingSafeEqual } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { DeviceId, SessionId, UserId } from "../ids.ts";
import { isLocalpart, localpartOf, parseDeviceId, parseUserId, userId } from "../ids.ts";
import type { Services, TokenKey } from "../services.ts";
import type { HybridTime } from "../transaction/records.ts";

/**
 * Tokens are `<prefix><payload>.<mac>`, both base64url. The payload is the JSON array
 * `[localpart, device, tokenId, issued, kid, deviceCreated]`, `issued` a hybrid time, `deviceCreated` in
 * milliseconds; the MAC is HMAC-SHA256 of use and payload under the key named `kid`.
 */
export type TokenUse = "access" | "refresh";

/** Neither begins with the other, so one kind of token is never taken for the other. */
const PREFIXES: Readonly<Record<TokenUse, string>> = {
  access: "hearth_",
  refresh: "hearth-refresh_",
};
/** Characters in a token: a localpart and a device ID of 255 bytes, doubled by JSON escapes, fit. */
export const TOKEN_CHARACTERS_MAX = 2048;

export interface TokenPayload {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly tokenId: string;
  /** When the device logged in. */
  readonly issued: HybridTime;
  readonly deviceCreated: number;
}

/** The session of a token that can be refreshed, and how often it had been. */
export interface SessionRound {
  readonly session: SessionId;
  /** 0 at the login. */
  readonly round: number;
  /** When an access token ends, in milliseconds of the hybrid clock. */
  readonly expiresMs?: number;
}

const ROUND = /^([\w-]{16})\.(\d{1,15})(?:\.(\d{1,15}))?(?:\.|$)/;

/**
 * The round stands in the token ID, `session.round` or `session.round.expires`: a version of the software
 * without refresh tokens takes such an access token for one that does not end.
 */
export function tokenIdOf({ session, round, expiresMs }: SessionRound): string {
  return expiresMs === undefined ? `${session}.${round}` : `${session}.${round}.${expiresMs}`;
}

/** Undefined for a token that cannot be refreshed. */
export function roundOf(tokenId: string): SessionRound | undefined {
  if (!tokenId.includes(".")) return undefined;
  const [, session, round, expires] = ROUND.exec(tokenId) ?? [];
  if (session === undefined) return undefined;
  return {
    session: session as SessionId,
    round: Number(round),
    ...(expires === undefined ? {} : { expiresMs: Number(expires) }),
  };
}

const preparedKeys = new WeakMap<TokenKey, KeyObject>();

/** Every request needs it, and preparing it costs four times what the MAC does. */
function preparedKey(key: TokenKey): KeyObject {
  const known = preparedKeys.get(key);
  if (known !== undefined) return known;
  const prepared = createSecretKey(key.key);
  preparedKeys.set(key, prepared);
  return prepared;
}

function macOf(key: TokenKey, use: TokenUse, payload: string): Buffer {
  return createHmac("sha256", preparedKey(key)).update(`${use}:${payload}`).digest();
}

export function sealToken(
  deps: Pick<Services, "tokenKeys">,
  use: TokenUse,
  token: TokenPayload,
): string {
  const key = deps.tokenKeys[0];
  if (key === undefined) throw new Error("there is no token key to sign with");
  const { user, device, tokenId, issued, deviceCreated } = token;
  const parts = [localpartOf(user), device, tokenId, issued, key.kid, deviceCreated];
  const payload = Buffer.from(JSON.stringify(parts)).toString("base64url");
  return `${PREFIXES[use]}${payload}.${macOf(key, use, payload).toString("base64url")}`;
}

export function openToken(
  deps: Pick<Services, "tokenKeys" | "serverName">,
  use: TokenUse,
  token: string,
): TokenPayload | "no-token" | "unknown-key" {
  const prefix = PREFIXES[use];
  if (!token.startsWith(prefix) || token.length > TOKEN_CHARACTERS_MAX) return "no-token";
  const [payload, mac, ...rest] = token.slice(prefix.length).split(".");
  if (payload === undefined || mac === undefined || rest.length > 0) return "no-token";
  const parts = parsePayload(payload);
  if (parts === undefined) return "no-token";
  const key = deps.tokenKeys.find(({ kid }) => kid === parts.kid);
  if (key === undefined) return "unknown-key";
  const given = Buffer.from(mac, "base64url");
  const expected = macOf(key, use, payload);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return "no-token";
  const user = parseUserId(userId(parts.localpart, deps.serverName));
  const device = parseDeviceId(parts.device);
  if (user === undefined || device === undefined) return "no-token";
  const { tokenId, issued, deviceCreated } = parts;
  return { user, device, tokenId, issued: issued as HybridTime, deviceCreated };
}

interface PayloadParts {
  readonly localpart: string;
  readonly device: string;
  readonly tokenId: string;
  readonly issued: number;
  readonly kid: string;
  readonly deviceCreated: number;
}

function parsePayload(payload: string): PayloadParts | undefined {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
  if (!Array.isArray(value) || value.length !== 6) return undefined;
  const [localpart, device, tokenId, issued, kid, deviceCreated] = value as unknown[];
  if (typeof localpart !== "string" || !isLocalpart(localpart)) return undefined;
  if (typeof device !== "string" || typeof tokenId !== "string" || typeof kid !== "string") {
    return undefined;
  }
  if (!isTime(issued) || !isTime(deviceCreated)) return undefined;
  return { localpart, device, tokenId, issued, kid, deviceCreated };
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
