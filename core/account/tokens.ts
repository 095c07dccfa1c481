import { MatrixError, unavailable } from "../errors.ts";
import { isObject } from "../json.ts";
import type { SessionId, UserId } from "../ids.ts";
import { serverOf } from "../ids.ts";
import type { Random, View } from "../ports.ts";
import type { Requester, Services } from "../services.ts";
import { fields, puts, sessionRounds } from "../tables.ts";
import type { HybridTime } from "../transaction/records.ts";
import { millisecondsOf, ROUND_OF_ENDED } from "../transaction/records.ts";
import { openToken, roundOf, sealToken, tokenIdOf } from "./token-form.ts";
import type { SessionRound, TokenPayload, TokenUse } from "./token-form.ts";

/** Bytes of the random ID of a token or session: 96 bits never meet by chance. */
const TOKEN_ID_BYTES = 12;
/**
 * How long an access token of a session that can be refreshed is good, in milliseconds. A stolen one is of
 * use for no longer, and each refresh writes one small record on all boxes.
 */
export const ACCESS_TOKEN_LIFE_MS = 3_600_000;

/** Whose session a token is made for, of which login. */
export type Login = Omit<TokenPayload, "tokenId">;

type KeysAndRandom = Pick<Services, "tokenKeys"> & { readonly random: Random };

function randomId({ random }: { readonly random: Random }): string {
  return Buffer.from(random.bytes(TOKEN_ID_BYTES)).toString("base64url");
}

/** Makes a token that does not expire, for a device that did not ask for refreshing. */
export function mintAccessToken(
  deps: KeysAndRandom,
  login: Login,
): { readonly token: string; readonly tokenId: string } {
  const tokenId = randomId(deps);
  return { token: sealToken(deps, "access", { ...login, tokenId }), tokenId };
}

/** An access token that expires, and what gets the next one. */
export interface TokenPair {
  readonly token: string;
  readonly refreshToken: string;
  readonly expiresInMs: number;
}

/** Makes the first pair of a new session. */
export function mintFirstPair(deps: KeysAndRandom, login: Login): TokenPair {
  const session = randomId(deps) as SessionId;
  return mintPair(deps, login, { session, round: 0 }, millisecondsOf(login.issued));
}

/**
 * Makes the pair of one round. The refresh token is the same whichever box makes it, and `issued` stays
 * that of the login: what ended the session before this box heard of it ends the new pair as well.
 */
export function mintPair(
  deps: Pick<Services, "tokenKeys">,
  login: Login,
  { session, round }: SessionRound,
  nowMs: number,
): TokenPair {
  const access = tokenIdOf({ session, round, expiresMs: nowMs + ACCESS_TOKEN_LIFE_MS });
  return {
    token: sealToken(deps, "access", { ...login, tokenId: access }),
    refreshToken: sealToken(deps, "refresh", { ...login, tokenId: tokenIdOf({ session, round }) }),
    expiresInMs: ACCESS_TOKEN_LIFE_MS,
  };
}

/**
 * `soft`: the session is there, and the client may keep its encryption keys and log in again on the same
 * device. Else clients throw them away.
 */
export function unknownToken(message: string, soft = false): MatrixError {
  return new MatrixError(401, "M_UNKNOWN_TOKEN", message, { soft_logout: soft });
}

/** A live token: whose it is, and what is known of its session if it can be refreshed. */
export interface LiveToken {
  readonly payload: TokenPayload;
  readonly round?: SessionRound;
  /** The newest round of the session that this box knows to be used. */
  readonly usedRound: number;
}

/** What of a token, or of who asks with it, says whether the session has ended. */
export type SessionName = Pick<Requester, "user" | "device" | "tokenId" | "issued">;

export type VerifyDeps = Pick<Services, "tokenKeys" | "serverName" | "reader" | "isCaughtUp">;

/**
 * The session behind a token. Throws 401 M_UNKNOWN_TOKEN only when the token is known to be dead,
 * since clients drop their encryption keys on that; 503 when another box may know more.
 */
export function liveToken(deps: VerifyDeps, use: TokenUse, token: string): LiveToken {
  const payload = openToken(deps, use, token);
  if (payload === "no-token") throw unknownToken("this is not a token of this server");
  if (payload === "unknown-key") {
    if (!deps.isCaughtUp()) throw unavailable("this box is catching up and cannot check the token");
    throw unknownToken("the key of this token is not in use any more");
  }
  requireLive(deps.reader, payload);
  const round = roundOf(payload.tokenId);
  const usedRound = usedRoundOf(deps.reader, round);
  return { payload, usedRound, ...(round ? { round } : {}) };
}

/**
 * Throws 401 M_UNKNOWN_TOKEN for a session that is known here to have ended. A command that would give a device keys
 * asks again: its request was let in before its body was here, and the device may have been logged out since.
 */
export function requireLive(view: View, session: SessionName): void {
  const isEnded = usedRoundOf(view, roundOf(session.tokenId)) === ROUND_OF_ENDED;
  if (isEnded || isRevoked(view, session)) throw unknownToken("this session was logged out");
}

function usedRoundOf(view: View, round: SessionRound | undefined): number {
  return round === undefined ? 0 : (view.get(sessionRounds, [round.session]) ?? 0);
}

/**
 * The session behind an access token. Those of earlier rounds are good until they expire: requests that
 * were under way during a refresh, or come from another process of the client, are not logged out by it.
 */
export function liveAccessToken(
  deps: VerifyDeps & Pick<Services, "now">,
  token: string,
): LiveToken {
  const live = liveToken(deps, "access", token);
  const expiresMs = live.round?.expiresMs;
  if (expiresMs !== undefined && expiresMs <= millisecondsOf(deps.now())) {
    throw unknownToken("this access token has expired", true);
  }
  return live;
}

export function requesterOf({ payload }: LiveToken): Requester {
  return payload;
}

/**
 * Is it known here that the token ended? A revocation of a device or user ends what was issued before
 * it, so the login that reuses a device ID lives; `except` spares the session that changed the password.
 * Such a one has a place of its own, or it would write over one that spares nobody. Of two that spare
 * different devices, set without knowing of each other, the later holds: the device that it spares lives
 * on, unless the box of the earlier one knew that device.
 */
function isRevoked(view: View, token: SessionName): boolean {
  if (view.get(puts, ["revoked", "token", token.tokenId])?.value !== undefined) return true;
  const byDevice = view.get(puts, ["revoked", "device", token.user, token.device])?.value;
  if (isObject(byDevice) && endsBefore(byDevice["before"], token.issued)) return true;
  // Earlier versions of the software have both in the first place.
  for (const place of ["user", "user_but"]) {
    const byUser = view.get(puts, ["revoked", place, token.user])?.value;
    if (!isObject(byUser) || byUser["except"] === token.device) continue;
    if (endsBefore(byUser["before"], token.issued)) return true;
  }
  return view.get(fields, [`user:${token.user}`, "account", "deactivated"]) === true;
}

function endsBefore(before: unknown, issued: HybridTime | undefined): boolean {
  return typeof before === "number" && issued !== undefined && issued < before;
}

/** Does the user belong to this server? Others cannot have accounts here. */
export function isLocal(deps: Pick<Services, "serverName">, user: UserId): boolean {
  return serverOf(user) === deps.serverName;
}
