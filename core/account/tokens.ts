import { createHmac, createSecretKey, timingSafeEqual } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { MatrixError, unavailable } from "../errors.ts";
import type { DeviceId, UserId } from "../ids.ts";
import { isLocalpart, localpartOf, parseDeviceId, parseUserId, serverOf, userId } from "../ids.ts";
import type { Random, View } from "../ports.ts";
import type { Requester, Services, TokenKey } from "../services.ts";
import { isObject } from "../json.ts";
import { fields, puts } from "../tables.ts";
import type { HybridTime } from "../transaction/records.ts";

/**
 * Access tokens that any box verifies alone: `hearth_<payload>.<mac>`, both base64url. The payload is
 * the JSON array `[localpart, device, tokenId, issued, kid, deviceCreated]`, `issued` a hybrid time,
 * `deviceCreated` in milliseconds; the MAC is HMAC-SHA256 of the payload's text under the key named `kid`. A token made on one box is good on the
 * next one at once; it ends by a revocation, a fact that is replicated.
 */
const PREFIX = "hearth_";
/** Characters in a token: a localpart and a device ID of 255 bytes, doubled by JSON escapes, fit. */
export const TOKEN_CHARACTERS_MAX = 2048;
/** Bytes of a token's random ID: 96 bits never meet by chance. */
const TOKEN_ID_BYTES = 12;

interface TokenPayload {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly tokenId: string;
  readonly issued: HybridTime;
  readonly deviceCreated: number;
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

function macOf(key: TokenKey, payload: string): Buffer {
  return createHmac("sha256", preparedKey(key)).update(`access:${payload}`).digest();
}

/** Makes a token for a device. `issued` is the time of the transaction that logs the device in. */
export function mintAccessToken(
  deps: Pick<Services, "tokenKeys"> & { readonly random: Random },
  input: Omit<TokenPayload, "tokenId">,
): { readonly token: string; readonly tokenId: string } {
  const key = deps.tokenKeys[0];
  if (key === undefined) throw new Error("there is no token key to sign with");
  const tokenId = Buffer.from(deps.random.bytes(TOKEN_ID_BYTES)).toString("base64url");
  const { user, device, issued, deviceCreated } = input;
  const parts = [localpartOf(user), device, tokenId, issued, key.kid, deviceCreated];
  const payload = Buffer.from(JSON.stringify(parts)).toString("base64url");
  return { token: `${PREFIX}${payload}.${macOf(key, payload).toString("base64url")}`, tokenId };
}

const unknownToken = (message: string): MatrixError =>
  new MatrixError(401, "M_UNKNOWN_TOKEN", message, { soft_logout: false });

/**
 * The session behind a token. Throws 401 M_UNKNOWN_TOKEN only when the token is known to be dead,
 * since clients drop their encryption keys on that; 503 when another box may know more.
 */
export function verifyAccessToken(
  deps: Pick<Services, "tokenKeys" | "serverName" | "reader" | "isCaughtUp">,
  token: string,
): Requester {
  const parsed = decode(deps, token);
  if (parsed === "no-token") throw unknownToken("this is not an access token of this server");
  if (parsed === "unknown-key") {
    if (!deps.isCaughtUp()) throw unavailable("this box is catching up and cannot check the token");
    throw unknownToken("the key of this access token is not in use any more");
  }
  if (isRevoked(deps.reader, parsed)) throw unknownToken("this access token was logged out");
  const { issued: _, ...requester } = parsed;
  return requester;
}

function decode(
  deps: Pick<Services, "tokenKeys" | "serverName">,
  token: string,
): TokenPayload | "no-token" | "unknown-key" {
  if (!token.startsWith(PREFIX) || token.length > TOKEN_CHARACTERS_MAX) return "no-token";
  const [payload, mac, ...rest] = token.slice(PREFIX.length).split(".");
  if (payload === undefined || mac === undefined || rest.length > 0) return "no-token";
  const parts = parsePayload(payload);
  if (parts === undefined) return "no-token";
  const key = deps.tokenKeys.find(({ kid }) => kid === parts.kid);
  if (key === undefined) return "unknown-key";
  const given = Buffer.from(mac, "base64url");
  const expected = macOf(key, payload);
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

/**
 * Is it known here that the token ended? A revocation of a device or user ends what was issued before
 * it, so the login that reuses a device ID lives; `except` spares the session that changed the password.
 */
function isRevoked(view: View, token: TokenPayload): boolean {
  if (view.get(puts, ["revoked", "token", token.tokenId])?.value !== undefined) return true;
  const byDevice = view.get(puts, ["revoked", "device", token.user, token.device])?.value;
  if (isObject(byDevice) && endsBefore(byDevice["before"], token.issued)) return true;
  const byUser = view.get(puts, ["revoked", "user", token.user])?.value;
  if (isObject(byUser) && byUser["except"] !== token.device) {
    if (endsBefore(byUser["before"], token.issued)) return true;
  }
  return view.get(fields, [`user:${token.user}`, "account", "deactivated"]) === true;
}

function endsBefore(before: unknown, issued: HybridTime): boolean {
  return typeof before === "number" && issued < before;
}

/** Does the user belong to this server? Others cannot have accounts here. */
export function isLocal(deps: Pick<Services, "serverName">, user: UserId): boolean {
  return serverOf(user) === deps.serverName;
}
