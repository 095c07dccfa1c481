import { expect, test } from "vitest";
import type { JsonObject } from "../../../core/json.ts";
import type { AccountApi, Session } from "../../support/account-api.ts";
import { accountApi } from "../../support/account-api.ts";
import { deviceKeys, newKey, oneTimeKeys } from "../../support/e2e-keys.ts";

async function claim(api: AccountApi, as: Session, of: Session): Promise<JsonObject> {
  const wish = { one_time_keys: { [of.user]: { [of.device]: "signed_curve25519" } } };
  const { json } = await api.call(as, "POST", "/keys/claim", wish);
  const devices = (json["one_time_keys"] as JsonObject)[of.user] as JsonObject | undefined;
  return (devices?.[of.device] ?? {}) as JsonObject;
}

test("device keys are uploaded, and queried with the device's name", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice", { initial_device_display_name: "Phone" });
  const keys = deviceKeys(alice.user, alice.device, newKey());
  const uploaded = await api.call(alice, "POST", "/keys/upload", { device_keys: keys });
  expect(uploaded.json).toEqual({ one_time_key_counts: { signed_curve25519: 0 } });
  const bob = await api.register("bob");
  const query = { device_keys: { [alice.user]: [], [bob.user]: [], "@x:elsewhere.test": [] } };
  const { json } = await api.call(bob, "POST", "/keys/query", query);
  const unsigned = { device_display_name: "Phone" };
  expect(json["device_keys"]).toEqual({ [alice.user]: { [alice.device]: { ...keys, unsigned } } });
  expect(Object.keys(json["failures"] as object)).toEqual(["elsewhere.test"]);
  const some = { device_keys: { [alice.user]: ["OTHER"] } };
  const other = await api.call(bob, "POST", "/keys/query", some);
  expect(other.json["device_keys"]).toEqual({ [alice.user]: {} });
});

test("keys of another device or user are refused", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  for (const keys of [
    deviceKeys(alice.user, "OTHER", newKey()),
    deviceKeys("@bob:hearth.test", alice.device, newKey()),
  ]) {
    const { status, json } = await api.call(alice, "POST", "/keys/upload", { device_keys: keys });
    expect([status, json["errcode"]]).toEqual([400, "M_INVALID_PARAM"]);
  }
});

test("one-time keys are given once each, then the fallback key again and again", async () => {
  await using api = await accountApi();
  const [alice, bob] = [await api.register("alice"), await api.register("bob")];
  const fallback = { "signed_curve25519:F": { key: "f", fallback: true, signatures: {} } };
  const body = { one_time_keys: oneTimeKeys(3), fallback_keys: fallback };
  const uploaded = await api.call(alice, "POST", "/keys/upload", body);
  expect(uploaded.json).toEqual({ one_time_key_counts: { signed_curve25519: 3 } });
  const claimed: string[] = [];
  for (let i = 0; i < 5; i++) claimed.push(...Object.keys(await claim(api, bob, alice)));
  expect(claimed.slice(0, 3).toSorted()).toEqual(Object.keys(oneTimeKeys(3)));
  expect(claimed.slice(3)).toEqual(["signed_curve25519:F", "signed_curve25519:F"]);
});

test("claims that run at once never get the same key", async () => {
  await using api = await accountApi();
  const [alice, bob] = [await api.register("alice"), await api.register("bob")];
  await api.call(alice, "POST", "/keys/upload", { one_time_keys: oneTimeKeys(10) });
  const claims = await Promise.all(Array.from({ length: 10 }, () => claim(api, bob, alice)));
  const got = claims.flatMap((keys) => Object.keys(keys));
  expect(got.toSorted()).toEqual(Object.keys(oneTimeKeys(10)).toSorted());
  expect(await claim(api, bob, alice)).toEqual({});
});

test("the same one-time key again is fine, another one under its ID is not", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const keys = oneTimeKeys(1);
  await api.call(alice, "POST", "/keys/upload", { one_time_keys: keys });
  const again = await api.call(alice, "POST", "/keys/upload", { one_time_keys: keys });
  expect(again.json).toEqual({ one_time_key_counts: { signed_curve25519: 1 } });
  const other = { "signed_curve25519:AAAA0": { key: "other", signatures: {} } };
  const refused = await api.call(alice, "POST", "/keys/upload", { one_time_keys: other });
  expect(refused.status).toBe(400);
});

test("a claimed key that is uploaded again stays claimed", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const keys = { one_time_keys: oneTimeKeys(1) };
  await api.call(alice, "POST", "/keys/upload", keys);
  await claim(api, alice, alice);
  const again = await api.call(alice, "POST", "/keys/upload", keys);
  expect(again.json).toEqual({ one_time_key_counts: { signed_curve25519: 0 } });
  expect(await claim(api, alice, alice)).toEqual({});
});

test("a device made anew under an old ID has its own one-time keys and none of the old ones", async () => {
  await using api = await accountApi();
  const first = await api.register("alice", { device_id: "D" });
  const helper = await api.login("alice");
  const keys = { one_time_keys: oneTimeKeys(2) };
  await api.call(first, "POST", "/keys/upload", keys);
  await claim(api, helper, first);
  await api.call(first, "POST", "/logout", {});
  const second = await api.login("alice", { device_id: "D" });
  expect(await claim(api, helper, second)).toEqual({});
  const uploaded = await api.call(second, "POST", "/keys/upload", keys);
  expect(uploaded.json).toEqual({ one_time_key_counts: { signed_curve25519: 2 } });
  expect(Object.keys(await claim(api, helper, second))).toHaveLength(1);
});

test("a removed device has no keys left to query or to claim", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const gone = await api.login("alice");
  const keys = deviceKeys(gone.user, gone.device, newKey());
  const body = { device_keys: keys, one_time_keys: oneTimeKeys(2) };
  await api.call(gone, "POST", "/keys/upload", body);
  await api.call(gone, "POST", "/logout", {});
  const { json } = await api.call(alice, "POST", "/keys/query", {
    device_keys: { [alice.user]: [] },
  });
  expect(json["device_keys"]).toEqual({});
  expect(await claim(api, alice, gone)).toEqual({});
});

test("forty claims at once get forty keys", async () => {
  await using api = await accountApi();
  const [alice, bob] = [await api.register("alice"), await api.register("bob")];
  await api.call(alice, "POST", "/keys/upload", { one_time_keys: oneTimeKeys(40) });
  const claims = await Promise.all(Array.from({ length: 40 }, () => claim(api, bob, alice)));
  expect(new Set(claims.flatMap((keys) => Object.keys(keys))).size).toBe(40);
});
