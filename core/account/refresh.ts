import { isTrouble } from "../errors.ts";
import type { Requester, Services } from "../services.ts";
import type { Draft } from "../transaction/draft.ts";
import { millisecondsOf } from "../transaction/records.ts";
import type { SessionRound } from "./token-form.ts";
import { liveAccessToken, liveToken, mintPair, requesterOf, unknownToken } from "./tokens.ts";
import type { LiveToken, TokenPair, VerifyDeps } from "./tokens.ts";

type Deps = VerifyDeps & Pick<Services, "now" | "runner">;

/** Command: from now on the refresh tokens of earlier rounds of the session are dead. */
export function noteRound(draft: Draft, { session, round }: SessionRound): void {
  draft.raiseRound(session, round);
}

/**
 * Notes the first use of a round, once. A disk that takes no writes must not stop reading: then the
 * earlier refresh token lives until the next use.
 */
async function noteUse(deps: Pick<Services, "runner">, live: LiveToken): Promise<void> {
  const { round, usedRound } = live;
  if (round === undefined || round.round <= usedRound) return;
  try {
    await deps.runner.run(noteRound, round);
  } catch (error) {
    if (!isTrouble(error)) throw error;
  }
}

/** The session behind the access token of a request, which counts as a use. Throws as `liveToken`. */
export async function useAccessToken(deps: Deps, token: string): Promise<Requester> {
  const live = liveAccessToken(deps, token);
  await noteUse(deps, live);
  return requesterOf(live);
}

/**
 * The next pair of a session. Nothing is written about it: the same refresh token gives pairs of the same
 * round on every box, however often, until one of that round is used. Throws as `liveToken`.
 */
export async function refreshSession(deps: Deps, refreshToken: string): Promise<TokenPair> {
  const live = liveToken(deps, "refresh", refreshToken);
  const { round, usedRound, payload } = live;
  if (round === undefined) throw unknownToken("this is not a refresh token");
  if (round.round < usedRound) {
    throw unknownToken("this refresh token was replaced by another one, which was used", true);
  }
  await noteUse(deps, live);
  const next = { session: round.session, round: round.round + 1 };
  return mintPair(deps, payload, next, millisecondsOf(deps.now()));
}
