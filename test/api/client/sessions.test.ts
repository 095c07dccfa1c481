import { expect, test } from "vitest";
import { accountApi, passwordAuth } from "../../support/account-api.ts";

test("logout ends the token and removes the device", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const other = await api.login("alice");
  expect((await api.call(alice, "POST", "/logout")).json).toEqual({});
  const after = await api.call(alice, "GET", "/account/whoami");
  expect([after.status, after.json["errcode"]]).toEqual([401, "M_UNKNOWN_TOKEN"]);
  const { json } = await api.call(other, "GET", "/devices");
  expect(json["devices"]).toEqual([{ device_id: other.device }]);
});

test("logout/all ends every token, and a later login works", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const other = await api.login("alice");
  await api.call(alice, "POST", "/logout/all", {});
  for (const session of [alice, other]) {
    expect((await api.call(session, "GET", "/account/whoami")).status).toBe(401);
  }
  const again = await api.login("alice", { device_id: alice.device });
  expect((await api.call(again, "GET", "/account/whoami")).json["user_id"]).toBe(alice.user);
});

test("deleting devices asks for the password and ends their tokens", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const gone = await api.login("alice");
  const asked = await api.call(alice, "DELETE", `/devices/${gone.device}`);
  expect(asked.status).toBe(401);
  expect((await api.call(gone, "GET", "/account/whoami")).status).toBe(200);
  const auth = passwordAuth("alice", asked);
  const wrong = { auth: { ...auth, password: "guess" } };
  expect((await api.call(alice, "DELETE", `/devices/${gone.device}`, wrong)).status).toBe(401);
  expect((await api.call(alice, "DELETE", `/devices/${gone.device}`, { auth })).status).toBe(200);
  expect((await api.call(gone, "GET", "/account/whoami")).status).toBe(401);
  const third = await api.login("alice");
  const asked2 = await api.call(alice, "POST", "/delete_devices", { devices: [third.device] });
  const again = { devices: [third.device], auth: passwordAuth("alice", asked2) };
  expect((await api.call(alice, "POST", "/delete_devices", again)).status).toBe(200);
  expect((await api.call(third, "GET", "/account/whoami")).status).toBe(401);
});

test("a device is named, and one that does not exist is 404", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice", { initial_device_display_name: "Laptop" });
  const path = `/devices/${alice.device}`;
  expect((await api.call(alice, "GET", path)).json["display_name"]).toBe("Laptop");
  await api.call(alice, "PUT", path, { display_name: "Desk" });
  expect((await api.call(alice, "GET", path)).json["display_name"]).toBe("Desk");
  expect((await api.call(alice, "GET", "/devices/NONE")).status).toBe(404);
  expect((await api.call(alice, "PUT", "/devices/NONE", { display_name: "x" })).status).toBe(404);
});

test("changing the password ends the other sessions and not the one that asks", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const other = await api.login("alice");
  const change = { new_password: "another" };
  const asked = await api.call(alice, "POST", "/account/password", change);
  const auth = passwordAuth("alice", asked);
  const done = await api.call(alice, "POST", "/account/password", { ...change, auth });
  expect(done.status).toBe(200);
  expect((await api.call(alice, "GET", "/account/whoami")).status).toBe(200);
  expect((await api.call(other, "GET", "/account/whoami")).status).toBe(401);
  await api.login("alice", { password: "another" });
});

test("logout_devices false keeps the other sessions", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const other = await api.login("alice");
  const change = { new_password: "another", logout_devices: false };
  const asked = await api.call(alice, "POST", "/account/password", change);
  const auth = passwordAuth("alice", asked);
  await api.call(alice, "POST", "/account/password", { ...change, auth });
  expect((await api.call(other, "GET", "/account/whoami")).status).toBe(200);
});

test("a deactivated account can neither go on nor log in, and leaves its rooms", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const bob = await api.register("bob");
  const room = (await api.call(bob, "POST", "/createRoom", { preset: "public_chat" })).json;
  const id = String(room["room_id"]);
  expect((await api.call(alice, "POST", `/join/${encodeURIComponent(id)}`, {})).status).toBe(200);
  const asked = await api.call(alice, "POST", "/account/deactivate", {});
  const auth = passwordAuth("alice", asked);
  const done = await api.call(alice, "POST", "/account/deactivate", { auth, erase: true });
  expect(done.json).toEqual({ id_server_unbind_result: "success" });
  expect((await api.call(alice, "GET", "/account/whoami")).status).toBe(401);
  await expect(api.login("alice")).rejects.toThrow("M_FORBIDDEN");
  const taken = await api.call(undefined, "GET", "/register/available?username=alice");
  expect(taken.json["errcode"]).toBe("M_USER_IN_USE");
  const members = await api.call(bob, "GET", `/rooms/${encodeURIComponent(id)}/joined_members`);
  expect(Object.keys(members.json["joined"] as object)).toEqual([bob.user]);
});
