import { expect, test } from "vitest";
import { deviceListChanges } from "../../../core/key/device-list-changes.ts";
import type { UserId } from "../../../core/ids.ts";
import type { JsonObject } from "../../../core/json.ts";
import { encodeSyncToken } from "../../../core/sync/token.ts";
import type { AccountApi } from "../../support/account-api.ts";
import { accountApi } from "../../support/account-api.ts";
import { crossSigningIdentity, deviceKeys, newKey, signedBy } from "../../support/e2e-keys.ts";

function now({ services }: AccountApi): string {
  using snapshot = services.reader.snapshot();
  return encodeSyncToken({ vector: snapshot.vector });
}

test("users whose keys changed, who came and who went are told, strangers are not", async () => {
  await using api = await accountApi();
  const [alice, bob, carol, eve] = [
    await api.register("alice"),
    await api.register("bob"),
    await api.register("carol"),
    await api.register("eve"),
  ];
  const { json } = await api.call(alice, "POST", "/createRoom", { preset: "public_chat" });
  const room = encodeURIComponent(String(json["room_id"]));
  await api.call(bob, "POST", `/join/${room}`, {});
  const changesSince = (from: string): Promise<{ changed: UserId[]; left: UserId[] }> =>
    deviceListChanges(api.services, alice.user as UserId, { from, to: now(api) });

  const start = now(api);
  expect(await changesSince(start)).toEqual({ changed: [], left: [] });
  for (const one of [bob, eve]) {
    const keys = deviceKeys(one.user, one.device, newKey());
    await api.call(one, "POST", "/keys/upload", { device_keys: keys });
  }
  await api.call(carol, "POST", `/join/${room}`, {});
  expect(await changesSince(start)).toEqual({ changed: [bob.user, carol.user], left: [] });

  const middle = now(api);
  await api.call(carol, "POST", `/rooms/${room}/leave`, {});
  await api.call(bob, "POST", "/logout", {});
  expect(await changesSince(middle)).toEqual({ changed: [bob.user], left: [carol.user] });

  const end = now(api);
  await api.call(alice, "POST", `/rooms/${room}/leave`, {});
  expect(await changesSince(end)).toEqual({ changed: [], left: [bob.user, carol.user] });
});

test("a user whose master key was signed is told to the signer, and to nobody else", async () => {
  await using api = await accountApi();
  const [alice, bob] = [await api.register("alice"), await api.register("bob")];
  const [mine, theirs] = [crossSigningIdentity(alice.user), crossSigningIdentity(bob.user)];
  await api.call(alice, "POST", "/keys/device_signing/upload", mine.body);
  await api.call(bob, "POST", "/keys/device_signing/upload", theirs.body);
  const from = now(api);
  const master = theirs.body["master_key"] as JsonObject;
  const object = signedBy(master, alice.user, mine.userSigning.publicKey, mine.userSigning);
  const signed = { [bob.user]: { [theirs.master.publicKey]: object } };
  await api.call(alice, "POST", "/keys/signatures/upload", signed);
  const range = { from, to: now(api) };
  const told = async (user: string): Promise<UserId[]> =>
    (await deviceListChanges(api.services, user as UserId, range)).changed;
  expect([await told(alice.user), await told(bob.user)]).toEqual([[bob.user], []]);
});

test("a token that is none is refused", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const { status, json } = await api.call(alice, "GET", "/keys/changes?from=x&to=y");
  expect([status, json["errcode"]]).toEqual([400, "M_INVALID_PARAM"]);
});
