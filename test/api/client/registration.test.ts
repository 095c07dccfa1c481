import { expect, test } from "vitest";
import { createUser, setPassword } from "../../../core/account/manage.ts";
import { listUsers } from "../../../core/account/accounts.ts";
import type { UserId } from "../../../core/ids.ts";
import { accountApi } from "../../support/account-api.ts";

const DUMMY = { auth: { type: "m.login.dummy" }, password: "secret" };

test("registration asks for its stage before it makes the account", async () => {
  await using api = await accountApi();
  const asked = await api.call(undefined, "POST", "/register", {});
  expect(asked.status).toBe(401);
  expect(asked.json["flows"]).toEqual([{ stages: ["m.login.dummy"] }]);
  const auth = { type: "m.login.dummy", session: asked.json["session"] };
  const form = { username: "alice", password: "secret", auth };
  const made = await api.call(undefined, "POST", "/register", form);
  expect(made.json["user_id"]).toBe("@alice:hearth.test");
});

test("a taken name is refused before authentication, an impossible one too", async () => {
  await using api = await accountApi();
  await api.register("alice");
  const answers = [];
  for (const username of ["alice", "ALICE", "no spaces", "", "x".repeat(255)]) {
    const form = { username, password: "secret" };
    const { status, json } = await api.call(undefined, "POST", "/register", form);
    answers.push([status, json["errcode"]]);
    const path = `/register/available?username=${encodeURIComponent(username)}`;
    expect((await api.call(undefined, "GET", path)).json["errcode"]).toBe(json["errcode"]);
  }
  expect(answers).toEqual([
    [400, "M_USER_IN_USE"],
    [400, "M_USER_IN_USE"],
    [400, "M_INVALID_USERNAME"],
    [400, "M_INVALID_USERNAME"],
    [400, "M_INVALID_USERNAME"],
  ]);
  const free = await api.call(undefined, "GET", "/register/available?username=bob");
  expect(free.json).toEqual({ available: true });
});

test("inhibit_login makes an account and no device", async () => {
  await using api = await accountApi();
  const form = { ...DUMMY, username: "alice", inhibit_login: true };
  const made = await api.call(undefined, "POST", "/register", form);
  expect(made.json).toEqual({ user_id: "@alice:hearth.test" });
});

test("who gives no name gets one, and guests are refused", async () => {
  await using api = await accountApi();
  const made = await api.call(undefined, "POST", "/register", DUMMY);
  expect(made.json["user_id"]).toMatch(/^@user-[a-z2-7]{8}:hearth\.test$/);
  const guest = await api.call(undefined, "POST", "/register?kind=guest", {});
  expect([guest.status, guest.json["errcode"]]).toEqual([403, "M_GUEST_ACCESS_FORBIDDEN"]);
});

test("with registration closed a token of the configuration opens it", async () => {
  await using api = await accountApi({
    settings: { openRegistration: false, registrationTokens: ["letmein"] },
  });
  const form = { username: "alice", password: "secret" };
  const stage = (token: string): unknown => ({ type: "m.login.registration_token", token });
  const wrong = await api.call(undefined, "POST", "/register", { ...form, auth: stage("guess") });
  expect(wrong.status).toBe(401);
  const dummy = await api.call(undefined, "POST", "/register", { ...form, auth: DUMMY.auth });
  expect(dummy.status).toBe(401);
  const right = await api.call(undefined, "POST", "/register", { ...form, auth: stage("letmein") });
  expect(right.status).toBe(200);
  const valid = async (token: string): Promise<unknown> => {
    const path = `/_matrix/client/v1/register/m.login.registration_token/validity?token=${token}`;
    return (await api.call(undefined, "GET", path)).json["valid"];
  };
  expect([await valid("letmein"), await valid("guess")]).toEqual([true, false]);
});

test("a token of the mesh document is good for as many uses as it allows", async () => {
  await using api = await accountApi({ settings: { openRegistration: false } });
  await api.services.runner.run((draft) => {
    draft.setField("mesh", "registration_tokens", "once", { uses_allowed: 1 });
  }, undefined);
  const auth = { type: "m.login.registration_token", token: "once" };
  const register = async (username: string): Promise<number> =>
    (await api.call(undefined, "POST", "/register", { username, password: "secret", auth })).status;
  expect([await register("alice"), await register("bob")]).toEqual([200, 401]);
});

test("the first account of the mesh is its administrator, later ones are when the owner says so", async () => {
  await using api = await accountApi();
  await api.register("alice");
  await api.register("bob");
  const input = { localpart: "carol", password: "secret", admin: true, force: false };
  await createUser(api.services, input);
  expect(await listUsers(api.services)).toEqual([
    { user: "@alice:hearth.test", admin: true, deactivated: false },
    { user: "@bob:hearth.test", admin: false, deactivated: false },
    { user: "@carol:hearth.test", admin: true, deactivated: false },
  ]);
  await expect(createUser(api.services, input)).rejects.toMatchObject({ errcode: "M_USER_IN_USE" });
});

test("the owner sets a password, which ends the sessions", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const user = "@alice:hearth.test" as UserId;
  await setPassword(api.services, { user, password: "new-secret", logoutDevices: true });
  expect((await api.call(alice, "GET", "/account/whoami")).status).toBe(401);
  await api.login("alice", { password: "new-secret" });
  await expect(api.login("alice")).rejects.toThrow("M_FORBIDDEN");
});
