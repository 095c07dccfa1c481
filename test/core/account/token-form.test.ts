import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { openToken, roundOf, sealToken, tokenIdOf } from "../../../core/account/token-form.ts";
import type { DeviceId, ServerName, SessionId, UserId } from "../../../core/ids.ts";
import type { HybridTime } from "../../../core/transaction/records.ts";

const session = "c2Vzc2lvbi1vbmU_" as SessionId;
const tokenKeys = [{ kid: "k1", key: new Uint8Array(32).fill(1) }];
const deps = { tokenKeys, serverName: "hearth.test" as ServerName };
const payload = {
  user: "@alice:hearth.test" as UserId,
  device: "DEVICE" as DeviceId,
  tokenId: tokenIdOf({ session, round: 12, expiresMs: 1_800_000_000_000 }),
  issued: 1000 as HybridTime,
  deviceCreated: 5,
};

test("a token says whose it is, of which round of which session, and until when", () => {
  expect(openToken(deps, "access", sealToken(deps, "access", payload))).toEqual(payload);
  expect(roundOf(payload.tokenId)).toEqual({ session, round: 12, expiresMs: 1_800_000_000_000 });
  expect(roundOf(tokenIdOf({ session, round: 12 }))).toEqual({ session, round: 12 });
});

test("what a later version adds to a token ID is passed over, and a plain one has no round", () => {
  expect(roundOf(`${payload.tokenId}.more`)).toEqual(roundOf(payload.tokenId));
  for (const id of [session, "", ".", "a.b", `${session}.`, `${session}.x`, `${session}.1x`]) {
    expect(roundOf(id)).toBeUndefined();
  }
});

/** The rule of software that knows no refresh tokens: boxes with it may be in the same mesh. */
function isGoodWithoutRefreshing(token: string): boolean {
  const [body = "", mac = "", ...rest] = token.slice("hearth_".length).split(".");
  const value: unknown = JSON.parse(Buffer.from(body, "base64url").toString("utf8"));
  if (!token.startsWith("hearth_") || rest.length > 0) return false;
  if (!Array.isArray(value) || value.length !== 6) return false;
  const [localpart, device, tokenId, issued, kid, deviceCreated] = value as unknown[];
  const texts = [localpart, device, tokenId, kid];
  if (!texts.every((text) => typeof text === "string")) return false;
  if (!Number.isSafeInteger(issued) || !Number.isSafeInteger(deviceCreated)) return false;
  const key = tokenKeys[0]?.key ?? new Uint8Array();
  return createHmac("sha256", key).update(`access:${body}`).digest("base64url") === mac;
}

test("a version without refresh tokens takes an access token that can be refreshed, and no refresh token", () => {
  expect(isGoodWithoutRefreshing(sealToken(deps, "access", payload))).toBe(true);
  expect(sealToken(deps, "refresh", payload).startsWith("hearth_")).toBe(false);
});
