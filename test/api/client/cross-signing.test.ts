import { expect, test } from "vitest";
import type { JsonObject } from "../../../core/json.ts";
import type { AccountApi, Session } from "../../support/account-api.ts";
import { accountApi, passwordAuth } from "../../support/account-api.ts";
import { crossSigningIdentity, deviceKeys, newKey, signedBy } from "../../support/e2e-keys.ts";

const UPLOAD = "/keys/device_signing/upload";
const SIGN = "/keys/signatures/upload";

async function query(api: AccountApi, as: Session, user: string): Promise<JsonObject> {
  return (await api.call(as, "POST", "/keys/query", { device_keys: { [user]: [] } })).json;
}
const under = (json: JsonObject, ...path: string[]): unknown =>
  path.reduce<unknown>((value, name) => (value as JsonObject | undefined)?.[name], json);

test("the first keys need no password, the same again neither, others do", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const first = crossSigningIdentity(alice.user).body;
  expect((await api.call(alice, "POST", UPLOAD, first)).status).toBe(200);
  expect((await api.call(alice, "POST", UPLOAD, first)).status).toBe(200);
  const second = crossSigningIdentity(alice.user);
  const asked = await api.call(alice, "POST", UPLOAD, second.body);
  expect(asked.status).toBe(401);
  const auth = passwordAuth("alice", asked);
  expect((await api.call(alice, "POST", UPLOAD, { ...second.body, auth })).status).toBe(200);
  const keys = await query(api, alice, alice.user);
  expect(under(keys, "master_keys", alice.user)).toEqual(second.body["master_key"]);
});

test("others see the master and self-signing keys but not the user-signing key", async () => {
  await using api = await accountApi();
  const [alice, bob] = [await api.register("alice"), await api.register("bob")];
  const { body } = crossSigningIdentity(alice.user);
  await api.call(alice, "POST", UPLOAD, body);
  const seen = await query(api, bob, alice.user);
  expect(under(seen, "master_keys", alice.user)).toEqual(body["master_key"]);
  expect(under(seen, "self_signing_keys", alice.user)).toEqual(body["self_signing_key"]);
  expect(seen["user_signing_keys"]).toEqual({});
  const own = await query(api, alice, alice.user);
  expect(under(own, "user_signing_keys", alice.user)).toEqual(body["user_signing_key"]);
});

test("malformed and badly signed keys are refused", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const { body } = crossSigningIdentity(alice.user);
  const stranger = crossSigningIdentity(alice.user).body;
  const errorOf = async (keys: JsonObject): Promise<unknown> =>
    (await api.call(alice, "POST", UPLOAD, keys)).json["errcode"];
  const { self_signing_key: foreign } = stranger;
  expect(await errorOf({ self_signing_key: foreign })).toBe("M_MISSING_PARAM");
  expect(await errorOf({ ...body, self_signing_key: foreign })).toBe("M_INVALID_SIGNATURE");
  const master = body["master_key"] as JsonObject;
  expect(await errorOf({ master_key: { ...master, user_id: "@bob:hearth.test" } })).toBe(
    "M_INVALID_PARAM",
  );
  expect(await errorOf({ master_key: { ...master, usage: ["self_signing"] } })).toBe(
    "M_INVALID_PARAM",
  );
  expect(await errorOf({ master_key: { ...master, keys: { "ed25519:a": "a" } } })).toBe(
    "M_INVALID_PARAM",
  );
});

test("a device ID and a cross-signing key never have the same name", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const identity = crossSigningIdentity(alice.user);
  const clash = await api.login("alice", { device_id: identity.master.publicKey });
  expect((await api.call(alice, "POST", UPLOAD, identity.body)).status).toBe(403);
  await api.call(clash, "POST", "/logout", {});
  expect((await api.call(alice, "POST", UPLOAD, identity.body)).status).toBe(200);
  const device = { device_id: identity.master.publicKey };
  await expect(api.login("alice", device)).rejects.toThrow("M_FORBIDDEN");
});

test("a self-signed device and a device-signed master key are seen by everybody", async () => {
  await using api = await accountApi();
  const [alice, bob] = [await api.register("alice"), await api.register("bob")];
  const identity = crossSigningIdentity(alice.user);
  const deviceKey = newKey();
  const device = deviceKeys(alice.user, alice.device, deviceKey);
  await api.call(alice, "POST", "/keys/upload", { device_keys: device });
  await api.call(alice, "POST", UPLOAD, identity.body);
  const { signatures: _, ...bare } = device;
  const { selfSigning, master } = identity;
  const signed = {
    [alice.user]: {
      [alice.device]: signedBy(bare, alice.user, selfSigning.publicKey, selfSigning),
      [master.publicKey]: signedBy(
        identity.body["master_key"] as JsonObject,
        alice.user,
        alice.device,
        deviceKey,
      ),
    },
  };
  expect((await api.call(alice, "POST", SIGN, signed)).json).toEqual({ failures: {} });
  const seen = await query(api, bob, alice.user);
  const onDevice = under(seen, "device_keys", alice.user, alice.device, "signatures", alice.user);
  expect(Object.keys(onDevice as object).toSorted()).toEqual(
    [`ed25519:${alice.device}`, `ed25519:${selfSigning.publicKey}`].toSorted(),
  );
  const onMaster = under(seen, "master_keys", alice.user, "signatures", alice.user);
  expect(Object.keys(onMaster as object)).toEqual([`ed25519:${alice.device}`]);
});

test("a signature on another user's master key is seen by the signer alone", async () => {
  await using api = await accountApi();
  const [alice, bob] = [await api.register("alice"), await api.register("bob")];
  const [mine, theirs] = [crossSigningIdentity(alice.user), crossSigningIdentity(bob.user)];
  await api.call(alice, "POST", UPLOAD, mine.body);
  await api.call(bob, "POST", UPLOAD, theirs.body);
  const target = theirs.body["master_key"] as JsonObject;
  const object = signedBy(target, alice.user, mine.userSigning.publicKey, mine.userSigning);
  const signed = { [bob.user]: { [theirs.master.publicKey]: object } };
  expect((await api.call(alice, "POST", SIGN, signed)).json).toEqual({ failures: {} });
  const seen = await query(api, alice, bob.user);
  expect(under(seen, "master_keys", bob.user, "signatures", alice.user)).toBeDefined();
  const own = await query(api, bob, bob.user);
  expect(under(own, "master_keys", bob.user, "signatures", alice.user)).toBeUndefined();
});

test("the signer's devices, and nobody else's, are told that the signed user's keys changed", async () => {
  await using api = await accountApi();
  const [alice, bob] = [await api.register("alice"), await api.register("bob")];
  const phone = await api.login("alice");
  const [mine, theirs] = [crossSigningIdentity(alice.user), crossSigningIdentity(bob.user)];
  await api.call(alice, "POST", UPLOAD, mine.body);
  await api.call(bob, "POST", UPLOAD, theirs.body);
  const sync = async (as: Session, since = ""): Promise<JsonObject> =>
    (await api.call(as, "GET", `/sync?since=${since}`)).json;
  const hers = String((await sync(phone))["next_batch"]);
  const his = String((await sync(bob))["next_batch"]);

  const target = theirs.body["master_key"] as JsonObject;
  const object = signedBy(target, alice.user, mine.userSigning.publicKey, mine.userSigning);
  await api.call(alice, "POST", SIGN, { [bob.user]: { [theirs.master.publicKey]: object } });
  const told = await sync(phone, hers);
  expect(told["device_lists"]).toEqual({ changed: [bob.user], left: [] });
  const next = String(told["next_batch"]);
  const changes = await api.call(phone, "GET", `/keys/changes?from=${hers}&to=${next}`);
  expect(changes.json).toEqual({ changed: [bob.user], left: [] });
  expect((await sync(phone, next))["device_lists"]).toBeUndefined();
  expect((await sync(bob, his))["device_lists"]).toBeUndefined();
});

test("bad signatures are told one by one and nothing of them is kept", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const identity = crossSigningIdentity(alice.user);
  const device = deviceKeys(alice.user, alice.device, newKey());
  await api.call(alice, "POST", "/keys/upload", { device_keys: device });
  await api.call(alice, "POST", UPLOAD, identity.body);
  const { signatures: _, ...bare } = device;
  const wrong = signedBy(bare, alice.user, identity.selfSigning.publicKey, newKey());
  const signed = { [alice.user]: { [alice.device]: wrong, NONE: bare } };
  const { json } = await api.call(alice, "POST", SIGN, signed);
  expect(under(json, "failures", alice.user, alice.device, "errcode")).toBe("M_INVALID_SIGNATURE");
  expect(under(json, "failures", alice.user, "NONE", "errcode")).toBe("M_NOT_FOUND");
  const seen = await query(api, alice, alice.user);
  expect(under(seen, "device_keys", alice.user, alice.device, "signatures")).toEqual(
    device["signatures"],
  );
});
