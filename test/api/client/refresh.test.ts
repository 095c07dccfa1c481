import { expect, test } from "vitest";
import { refresh as refreshEndpoint } from "../../../api/client/refresh.ts";
import { systemTimers } from "../../../bin/timers.ts";
import { startSession } from "../../../core/account/start-session.ts";
import { ACCESS_TOKEN_LIFE_MS } from "../../../core/account/tokens.ts";
import type { JsonObject } from "../../../core/json.ts";
import type { UserId } from "../../../core/ids.ts";
import { accountApi, passwordOf } from "../../support/account-api.ts";
import type { AccountApi } from "../../support/account-api.ts";
import { fakeServices } from "../../support/fake-services.ts";
import { testApi } from "../../support/test-api.ts";
import type { TestAnswer } from "../../support/test-api.ts";

const identifier = { type: "m.id.user", user: "alice" };
const LOGIN = { type: "m.login.password", identifier, password: passwordOf("alice") };

const logIn = async (api: AccountApi, more: JsonObject = {}): Promise<JsonObject> =>
  (await api.call(undefined, "POST", "/login", { ...LOGIN, ...more })).json;

const refresh = (api: AccountApi, token: unknown): Promise<TestAnswer> =>
  api.call(undefined, "POST", "/refresh", { refresh_token: token });

const whoami = (api: AccountApi, { access_token: token }: JsonObject): Promise<TestAnswer> =>
  api.call({ user: "", device: "", token: String(token) }, "GET", "/account/whoami");

const refusal = ({ status, json }: TestAnswer): unknown[] => [
  status,
  json["errcode"],
  json["soft_logout"],
];

test("only who asks for a refresh token gets one, and an access token that expires", async () => {
  await using api = await accountApi();
  await api.register("alice");
  const asked = await logIn(api, { refresh_token: true });
  expect(asked).toMatchObject({
    refresh_token: expect.stringMatching(/^hearth-refresh_/),
    expires_in_ms: ACCESS_TOKEN_LIFE_MS,
  });
  for (const more of [{}, { refresh_token: false }]) {
    const session = await logIn(api, more);
    expect(Object.keys(session).toSorted()).toEqual(["access_token", "device_id", "user_id"]);
  }
});

test("registering gives a refresh token to who asks for one, and none where it does not log in", async () => {
  await using api = await accountApi();
  const auth = { type: "m.login.dummy" };
  const form = { auth, password: "secret", refresh_token: true };
  const { json: made } = await api.call(undefined, "POST", "/register", form);
  expect(made["expires_in_ms"]).toBe(ACCESS_TOKEN_LIFE_MS);
  expect((await refresh(api, made["refresh_token"])).status).toBe(200);
  const inhibited = { ...form, inhibit_login: true };
  const { json: other } = await api.call(undefined, "POST", "/register", inhibited);
  expect(Object.keys(other)).toEqual(["user_id"]);
});

test("a refresh token gives the next pair for the same device, again and again until that is used", async () => {
  await using api = await accountApi();
  await api.register("alice");
  const first = await logIn(api, { refresh_token: true, device_id: "PHONE" });
  const { json: lost } = await refresh(api, first["refresh_token"]);
  const { json: second } = await refresh(api, first["refresh_token"]);
  expect(Object.keys(second).toSorted()).toEqual([
    "access_token",
    "expires_in_ms",
    "refresh_token",
  ]);
  expect((await whoami(api, second)).json["device_id"]).toBe("PHONE");
  expect(refusal(await refresh(api, first["refresh_token"]))).toEqual([
    401,
    "M_UNKNOWN_TOKEN",
    true,
  ]);
  for (const pair of [first, lost, second]) expect((await whoami(api, pair)).status).toBe(200);
});

test("logging out ends the refresh token for good", async () => {
  await using api = await accountApi();
  await api.register("alice");
  const pair = await logIn(api, { refresh_token: true });
  const session = { user: "", device: "", token: String(pair["access_token"]) };
  await api.call(session, "POST", "/logout");
  expect(refusal(await whoami(api, pair))).toEqual([401, "M_UNKNOWN_TOKEN", false]);
  expect(refusal(await refresh(api, pair["refresh_token"]))).toEqual([
    401,
    "M_UNKNOWN_TOKEN",
    false,
  ]);
});

test("an expired access token asks for refreshing, and one without a refresh token never expires", async () => {
  let aheadMs = 0;
  await using api = await accountApi({ wallClock: () => Date.now() + aheadMs });
  await api.register("alice");
  const pair = await logIn(api, { refresh_token: true });
  const plain = await startSession(api.services, { user: "@alice:hearth.test" as UserId });
  aheadMs = ACCESS_TOKEN_LIFE_MS + 1;
  expect(refusal(await whoami(api, pair))).toEqual([401, "M_UNKNOWN_TOKEN", true]);
  expect((await whoami(api, { access_token: plain.token })).status).toBe(200);
  const { json: next } = await refresh(api, pair["refresh_token"]);
  expect((await whoami(api, next)).status).toBe(200);
});

test("what is no refresh token is refused, an access token too", async () => {
  await using api = await accountApi();
  const { token } = await api.register("alice");
  for (const text of ["", "nonsense", token, "x".repeat(5000)]) {
    expect(refusal(await refresh(api, text))).toEqual([401, "M_UNKNOWN_TOKEN", false]);
  }
  for (const body of [{}, { refresh_token: 5 }]) {
    const answer = await api.call(undefined, "POST", "/refresh", body);
    expect([answer.status, answer.json["errcode"]]).toEqual([400, "M_BAD_JSON"]);
  }
});

test("an address that asks too often is told to wait", async () => {
  const timers = { ...systemTimers, elapsed: () => 0 };
  const services = fakeServices({ timers, settings: { rateLimits: true } });
  await using api = await testApi({ services, endpoints: [refreshEndpoint] });
  const statuses = new Set<number>();
  for (let i = 0; i < 500 && !statuses.has(429); i++) {
    const json = { refresh_token: "nonsense" };
    statuses.add((await api.request("POST", "/_matrix/client/v3/refresh", { json })).status);
  }
  expect([...statuses]).toEqual([401, 429]);
});
