import { expect, test } from "vitest";
import type { MatrixError } from "../../../core/errors.ts";
import {
  mintAccessToken,
  TOKEN_CHARACTERS_MAX,
  verifyAccessToken,
} from "../../../core/account/tokens.ts";
import type { DeviceId, ServerName, UserId } from "../../../core/ids.ts";
import type { Json } from "../../../core/json.ts";
import type { Reader } from "../../../core/ports.ts";
import type { TokenKey } from "../../../core/services.ts";
import { fields } from "../../../core/tables.ts";
import type { HybridTime } from "../../../core/transaction/records.ts";

const user = "@alice:hearth.test" as UserId;
const device = "DEVICE" as DeviceId;
const KEY: TokenKey = { kid: "k1", key: new Uint8Array(32).fill(1) };
const OTHER: TokenKey = { kid: "k2", key: new Uint8Array(32).fill(2) };
const random = { bytes: (length: number): Uint8Array => new Uint8Array(length).fill(7) };
const at = (time: number): HybridTime => time as HybridTime;

function mint(issued = 1000, key = KEY): { token: string; tokenId: string } {
  const input = { user, device, issued: at(issued), deviceCreated: 5 };
  return mintAccessToken({ tokenKeys: [key], random }, input);
}

/** A box that knows these facts: `collection key…` → value, and fields under `field …`. */
function box(facts: Record<string, Json> = {}, caughtUp = true, tokenKeys = [KEY]) {
  const get = (table: { name: string }, key: readonly unknown[]): unknown => {
    const place = key.join(" ");
    return table === fields
      ? facts[`field ${place}`]
      : place in facts
        ? { value: facts[place] }
        : undefined;
  };
  return {
    tokenKeys,
    serverName: "hearth.test" as ServerName,
    reader: { get } as unknown as Reader,
    isCaughtUp: () => caughtUp,
  };
}

function refusal(deps: ReturnType<typeof box>, token: string): Partial<MatrixError> {
  try {
    verifyAccessToken(deps, token);
  } catch (error) {
    return { status: (error as MatrixError).status, errcode: (error as MatrixError).errcode };
  }
  return {};
}
const DEAD = { status: 401, errcode: "M_UNKNOWN_TOKEN" };

test("a token is good on a box that knows nothing but the key", () => {
  const { token, tokenId } = mint();
  expect(verifyAccessToken(box(), token)).toEqual({ user, device, tokenId, deviceCreated: 5 });
  expect(verifyAccessToken(box({}, false, [OTHER, KEY]), token).user).toBe(user);
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
  expect(refusal(box({}, false), token).status).toBe(503);
  expect(refusal(box(), token)).toEqual(DEAD);
});

test("revocations of the token, the device and the user end it, if they came after its issue", () => {
  const { token, tokenId } = mint(1000);
  const revoked = (key: string, value: Json): Partial<MatrixError> =>
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

test("a deactivated account has no good tokens", () => {
  const facts = { [`field user:${user} account deactivated`]: true };
  expect(refusal(box(facts), mint().token)).toEqual(DEAD);
});
