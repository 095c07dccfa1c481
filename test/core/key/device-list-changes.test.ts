import { expect, test } from "vitest";
import { deviceListChanges } from "../../../core/key/device-list-changes.ts";
import type { UserId } from "../../../core/ids.ts";
import { encodeSyncToken } from "../../../core/sync/token.ts";
import type { AccountApi } from "../../support/account-api.ts";
import { accountApi } from "../../support/account-api.ts";
import { deviceKeys, newKey } from "../../support/e2e-keys.ts";

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

test("a token that is none is refused", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const { status, json } = await api.call(alice, "GET", "/keys/changes?from=x&to=y");
  expect([status, json["errcode"]]).toEqual([400, "M_INVALID_PARAM"]);
});
