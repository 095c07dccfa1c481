import { expect, test } from "vitest";
import { accountApi } from "../../support/account-api.ts";

test("a registered user logs in by localpart, whole user ID and the old user field", async () => {
  await using api = await accountApi();
  await api.register("alice");
  const forms = [
    { identifier: { type: "m.id.user", user: "alice" } },
    { identifier: { type: "m.id.user", user: "@alice:hearth.test" } },
    { identifier: { type: "m.id.user", user: "@Alice:hearth.test" } },
    { user: "alice" },
  ];
  for (const form of forms) {
    const json = { type: "m.login.password", password: "alice-secret", ...form };
    const { status, json: answer } = await api.call(undefined, "POST", "/login", json);
    expect(status).toBe(200);
    expect(answer["user_id"]).toBe("@alice:hearth.test");
    const token = String(answer["access_token"]);
    const session = { user: "", device: "", token };
    const { json: owner } = await api.call(session, "GET", "/account/whoami");
    expect(owner["device_id"]).toBe(answer["device_id"]);
  }
});

test("a wrong password, an unknown user and a user of another server are told apart by nothing", async () => {
  await using api = await accountApi();
  await api.register("alice");
  for (const [user, password] of [
    ["alice", "wrong"],
    ["nobody", "alice-secret"],
    ["@alice:elsewhere.test", "alice-secret"],
    ["not a name!", "alice-secret"],
  ]) {
    const identifier = { type: "m.id.user", user };
    const json = { type: "m.login.password", identifier, password };
    const answer = await api.call(undefined, "POST", "/login", json);
    expect([answer.status, answer.json]).toEqual([
      403,
      { errcode: "M_FORBIDDEN", error: "wrong user name or password" },
    ]);
  }
});

test("an unknown login type is refused with M_UNKNOWN", async () => {
  await using api = await accountApi();
  const answer = await api.call(undefined, "POST", "/login", { type: "m.login.magic" });
  expect([answer.status, answer.json["errcode"]]).toEqual([400, "M_UNKNOWN"]);
});

test("logging in again on a device ends its earlier token and keeps its name", async () => {
  await using api = await accountApi();
  await api.register("alice");
  const first = await api.login("alice", { device_id: "D", initial_device_display_name: "Phone" });
  const second = await api.login("alice", { device_id: "D", initial_device_display_name: "Other" });
  expect((await api.call(first, "GET", "/account/whoami")).json["errcode"]).toBe("M_UNKNOWN_TOKEN");
  expect((await api.call(second, "GET", "/devices/D")).json).toEqual({
    device_id: "D",
    display_name: "Phone",
  });
});
