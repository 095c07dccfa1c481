import { expect, test } from "vitest";
import type { MatrixError } from "../../../core/errors.ts";
import { refreshSession } from "../../../core/account/refresh.ts";
import { roundOf, TOKEN_CHARACTERS_MAX } from "../../../core/account/token-form.ts";
import {
  ACCESS_TOKEN_LIFE_MS,
  liveAccessToken,
  liveToken,
  mintAccessToken,
  mintFirstPair,
  mintPair,
  requesterOf,
} from "../../../core/account/tokens.ts";
import type { DeviceId, ServerName, SessionId, UserId } from "../../../core/ids.ts";
import type { Json } from "../../../core/json.ts";
import type { Reader, Runner } from "../../../core/ports.ts";
import type { TokenKey } from "../../../core/services.ts";
import { fields, sessionRounds } from "../../../core/tables.ts";
import type { HybridTime } from "../../../core/transaction/records.ts";
import { HYBRID_TICKS_PER_MS, ROUND_OF_ENDED } from "../../../core/transaction/records.ts";

const user = "@alice:hearth.test" as UserId;
const device = "DEVICE" as DeviceId;
const KEY: TokenKey = { kid: "k1", key: new Uint8Array(32).fill(1) };
const OTHER: TokenKey = { kid: "k2", key: new Uint8Array(32).fill(2) };
const random = { bytes: (length: number): Uint8Array => new Uint8Array(length).fill(7) };
const SESSION = "BwcHBwcHBwcHBwcH" as SessionId;
const at = (time: number): HybridTime => time as HybridTime;

function mint(issued = 1000, key = KEY): { token: string; tokenId: string } {
  const input = { user, device, issued: at(issued), deviceCreated: 5 };
  return mintAccessToken({ tokenKeys: [key], random }, input);
}

/** The pair of a session that can be refreshed, made at this time. */
function pair(round = 0, ms = 1000, key = KEY) {
  const login = { user, device, issued: at(1000), deviceCreated: 5 };
  const deps = { tokenKeys: [key], random };
  if (round === 0) return mintFirstPair(deps, { ...login, issued: at(ms * HYBRID_TICKS_PER_MS) });
  return mintPair(deps, login, { session: SESSION, round }, ms);
}

/**
 * A box that knows these facts: `collection key…` → value, fields under `field …`, and the used round of
 * sessions under `round …`.
 */
function box(facts: Record<string, Json> = {}, caughtUp = true, tokenKeys = [KEY], nowMs = 2000) {
  const get = (table: { name: string }, key: readonly unknown[]): unknown => {
    const place = key.join(" ");
    if (table === fields) return facts[`field ${place}`];
    if (table === sessionRounds) return facts[`round ${place}`];
    return place in facts ? { value: facts[place] } : undefined;
  };
  const run: Runner["run"] = () => Promise.reject(new Error("nothing is written here"));
  return {
    tokenKeys,
    serverName: "hearth.test" as ServerName,
    reader: { get } as unknown as Reader,
    runner: { run },
    isCaughtUp: () => caughtUp,
    now: () => at(nowMs * HYBRID_TICKS_PER_MS),
  };
}

const answerOf = ({ status, errcode, extra }: MatrixError): object => ({
  status,
  errcode,
  soft: extra["soft_logout"],
});

function refusal(deps: ReturnType<typeof box>, token: string): object {
  try {
    liveAccessToken(deps, token);
  } catch (error) {
    return answerOf(error as MatrixError);
  }
  return {};
}
const refreshRefusal = (deps: ReturnType<typeof box>, token: string): Promise<object> =>
  refreshSession(deps, token).then(
    () => ({}),
    (error: unknown) => answerOf(error as MatrixError),
  );

const DEAD = { status: 401, errcode: "M_UNKNOWN_TOKEN", soft: false };
const SOFT = { ...DEAD, soft: true };
const BEHIND = { status: 503, errcode: "M_UNKNOWN", soft: undefined };

test("a token is good on a box that knows nothing but the key", () => {
  const { token, tokenId } = mint();
  expect(requesterOf(liveAccessToken(box(), token))).toEqual({
    user,
    device,
    tokenId,
    issued: 1000,
    deviceCreated: 5,
  });
  expect(liveAccessToken(box({}, false, [OTHER, KEY]), token).payload.user).toBe(user);
});

test("tokens with a changed byte anywhere are refused", () => {
  const { token } = mint();
  const at = token.indexOf(".") + 5;
  for (const place of [10, at]) {
    const changed = token.charAt(place) === "A" ? "B" : "A";
    const bad = token.slice(0, place) + changed + token.slice(place + 1);
    expect(refusal(box({}, false), bad)).toEqual(DEAD);
  }
});

test("text that is no token of ours is refused whatever the box knows", () => {
  const long = `hearth_${"A".repeat(TOKEN_CHARACTERS_MAX)}`;
  for (const text of ["", "hearth_", "hearth_a.b.c", "syt_abc", "hearth_e30.e30", long]) {
    expect(refusal(box({}, false), text)).toEqual(DEAD);
  }
});

test("a token of an unknown key is 503 while the box is behind and 401 once it has caught up", () => {
  const { token } = mint(1000, OTHER);
  expect(refusal(box({}, false), token)).toEqual(BEHIND);
  expect(refusal(box(), token)).toEqual(DEAD);
});

test("revocations of the token, the device and the user end it, if they came after its issue", () => {
  const { token, tokenId } = mint(1000);
  const revoked = (key: string, value: Json): object =>
    refusal(box({ [`revoked ${key}`]: value }), token);
  expect(revoked(`token ${tokenId}`, { before: 1 })).toEqual(DEAD);
  expect(revoked("token other", { before: 1 })).toEqual({});
  expect(revoked(`device ${user} ${device}`, { before: 1001 })).toEqual(DEAD);
  expect(revoked(`device ${user} ${device}`, { before: 1000 })).toEqual({});
  expect(revoked(`device ${user} OTHER`, { before: 2000 })).toEqual({});
  expect(revoked(`user ${user}`, { before: 2000 })).toEqual(DEAD);
  expect(revoked(`user ${user}`, { before: 2000, except: device })).toEqual({});
  expect(revoked(`user ${user}`, { before: 2000, except: "OTHER" })).toEqual(DEAD);
  expect(revoked(`user @bob:hearth.test`, { before: 2000 })).toEqual({});
});

test("what spares the device that asks does not undo what spares none, whichever came later", () => {
  const { token } = mint(1000);
  const logoutAll = (before: number) => ({ [`revoked user ${user}`]: { before } });
  const spares = (except: string, before = 3000) => ({
    [`revoked user_but ${user}`]: { before, except },
  });
  expect(refusal(box(spares(device)), token)).toEqual({});
  expect(refusal(box(spares("OTHER")), token)).toEqual(DEAD);
  expect(refusal(box(spares("OTHER", 1000)), token)).toEqual({});
  expect(refusal(box({ ...logoutAll(2000), ...spares(device) }), token)).toEqual(DEAD);
  expect(refusal(box({ ...logoutAll(1000), ...spares(device) }), token)).toEqual({});
});

test("a deactivated account has no good tokens", () => {
  const facts = { [`field user:${user} account deactivated`]: true };
  expect(refusal(box(facts), mint().token)).toEqual(DEAD);
});

test("a token of a session that refreshes is good until it expires, by the hybrid clock", () => {
  const { token, expiresInMs } = pair(3, 5000);
  expect(expiresInMs).toBe(ACCESS_TOKEN_LIFE_MS);
  const ends = 5000 + ACCESS_TOKEN_LIFE_MS;
  expect(liveAccessToken(box({}, false, [KEY], ends - 1), token).payload).toMatchObject({
    user,
    device,
  });
  expect(refusal(box({}, false, [KEY], ends), token)).toEqual(SOFT);
  // Of a box whose clock stands still, or was behind when the token was made.
  expect(refusal(box({}, false, [KEY], 0), token)).toEqual({});
});

test("a token that cannot be refreshed never expires", () => {
  const { token } = mint();
  expect(refusal(box({}, true, [KEY], Number.MAX_SAFE_INTEGER / 2048), token)).toEqual({});
});

test("an access token of an earlier round is good, a refresh token is dead and says so softly", async () => {
  const [old, current] = [pair(3), pair(4)];
  const known = box({ [`round ${SESSION}`]: 4 });
  expect(refusal(known, old.token)).toEqual({});
  expect(await refreshRefusal(known, old.refreshToken)).toEqual(SOFT);
  const next = await refreshSession(known, current.refreshToken);
  expect(roundOf(liveToken(known, "access", next.token).payload.tokenId)).toEqual({
    session: SESSION,
    round: 5,
    expiresMs: 2000 + ACCESS_TOKEN_LIFE_MS,
  });
});

test("what ends access tokens ends refresh tokens, of whatever round", async () => {
  const { token, refreshToken } = pair(7);
  const facts: [key: string, value: Json][] = [
    [`revoked device ${user} ${device}`, { before: 1001 }],
    [`revoked user ${user}`, { before: 1001 }],
    [`field user:${user} account deactivated`, true],
    [`round ${SESSION}`, ROUND_OF_ENDED],
  ];
  for (const [key, value] of facts) {
    const known = box({ [key]: value }, false);
    expect([refusal(known, token), await refreshRefusal(known, refreshToken)]).toEqual([
      DEAD,
      DEAD,
    ]);
  }
  const spared = { [`revoked user ${user}`]: { before: 1001, except: device } };
  const known = box({ ...spared, [`round ${SESSION}`]: 7 });
  expect([refusal(known, token), await refreshRefusal(known, refreshToken)]).toEqual([{}, {}]);
});

test("a box that is behind and lacks the key says 503 to a refresh token, not 401", async () => {
  const { refreshToken } = pair(1, 1000, OTHER);
  expect(await refreshRefusal(box({}, false), refreshToken)).toEqual(BEHIND);
  expect(await refreshRefusal(box(), refreshToken)).toEqual(DEAD);
});

test("neither kind of token is taken for the other, also under the other one's prefix", async () => {
  const { token, refreshToken } = pair();
  const [asAccess, asRefresh] = [
    refreshToken.replace("hearth-refresh_", "hearth_"),
    token.replace("hearth_", "hearth-refresh_"),
  ];
  for (const text of [refreshToken, asAccess, ""]) expect(refusal(box(), text)).toEqual(DEAD);
  for (const text of [token, asRefresh, ""])
    expect(await refreshRefusal(box(), text)).toEqual(DEAD);
});
