import { expect, test } from "vitest";
import type { JsonObject } from "../../../core/json.ts";
import type { AccountApi, Session } from "../../support/account-api.ts";
import { accountApi } from "../../support/account-api.ts";

const GLOBAL = "/pushrules/global";

async function idsOf(api: AccountApi, as: Session, kind: string): Promise<unknown[]> {
  const { json } = await api.call(as, "GET", `${GLOBAL}/`);
  return (json[kind] as JsonObject[]).map((rule) => rule["rule_id"]);
}

test("the server-default rules are those of the spec, in its order", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  expect(await idsOf(api, alice, "override")).toEqual([
    ".m.rule.master",
    ".m.rule.suppress_notices",
    ".m.rule.invite_for_me",
    ".m.rule.member_event",
    ".m.rule.is_user_mention",
    ".m.rule.is_room_mention",
    ".m.rule.tombstone",
    ".m.rule.reaction",
    ".m.rule.room.server_acl",
    ".m.rule.suppress_edits",
  ]);
  expect(await idsOf(api, alice, "underride")).toEqual([
    ".m.rule.call",
    ".m.rule.encrypted_room_one_to_one",
    ".m.rule.room_one_to_one",
    ".m.rule.message",
    ".m.rule.encrypted",
  ]);
  for (const kind of ["content", "room", "sender"])
    expect(await idsOf(api, alice, kind)).toEqual([]);
});

test("own rules go between the master rule and the other defaults, newest first or where asked", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const put = async (id: string, query = ""): Promise<number> =>
    (await api.call(alice, "PUT", `${GLOBAL}/override/${id}${query}`, { actions: ["notify"] }))
      .status;
  for (const id of ["a", "b", "c"]) expect(await put(id)).toBe(200);
  const own = async (): Promise<unknown[]> => (await idsOf(api, alice, "override")).slice(1, -9);
  expect(await own()).toEqual(["c", "b", "a"]);
  await put("d", "?after=b");
  expect(await own()).toEqual(["c", "b", "d", "a"]);
  await put("a", "?before=c");
  expect(await own()).toEqual(["a", "c", "b", "d"]);
  await put("e", "?before=b&after=a");
  expect(await own()).toEqual(["a", "c", "e", "b", "d"]);
  await put("c");
  expect(await own()).toEqual(["a", "c", "e", "b", "d"]);
  for (const query of ["?before=none", "?after=.m.rule.master"]) {
    const path = `${GLOBAL}/override/x${query}`;
    const { status, json } = await api.call(alice, "PUT", path, { actions: [] });
    expect([status, json["errcode"]]).toEqual([400, "M_UNKNOWN"]);
  }
});

test("places between two rules never run out", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const put = (id: string, query = ""): ReturnType<typeof api.call> =>
    api.call(alice, "PUT", `${GLOBAL}/room/${id}${query}`, { actions: [] });
  await put("last");
  await put("first");
  const expected = ["first"];
  for (let i = 0; i < 70; i++) {
    await put(`r${i}`, "?before=last");
    expected.push(`r${i}`);
  }
  expect(await idsOf(api, alice, "room")).toEqual([...expected, "last"]);
});

test("a rule is read, turned off, given other actions and deleted", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const path = `${GLOBAL}/content/cake`;
  const body = { pattern: "cake*lie", actions: ["dont_notify", "notify"] };
  await api.call(alice, "PUT", path, body);
  expect((await api.call(alice, "GET", path)).json).toEqual({
    rule_id: "cake",
    default: false,
    enabled: true,
    pattern: "cake*lie",
    actions: ["notify"],
  });
  await api.call(alice, "PUT", `${path}/enabled`, { enabled: false });
  expect((await api.call(alice, "GET", `${path}/enabled`)).json).toEqual({ enabled: false });
  await api.call(alice, "PUT", `${path}/actions`, { actions: [] });
  expect((await api.call(alice, "GET", `${path}/actions`)).json).toEqual({ actions: [] });
  expect((await api.call(alice, "DELETE", path)).json).toEqual({});
  for (const [method, suffix] of [
    ["GET", ""],
    ["DELETE", ""],
    ["GET", "/enabled"],
    ["GET", "/actions"],
  ] as const) {
    expect((await api.call(alice, method, path + suffix)).status).toBe(404);
  }
  const enable = await api.call(alice, "PUT", `${path}/enabled`, { enabled: true });
  expect(enable.json["errcode"]).toBe("M_NOT_FOUND");
});

test("a default rule can be turned off and given other actions but not be removed", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const path = `${GLOBAL}/underride/.m.rule.message`;
  await api.call(alice, "PUT", `${path}/enabled`, { enabled: false });
  await api.call(alice, "PUT", `${path}/actions`, { actions: [] });
  const { json } = await api.call(alice, "GET", path);
  expect(json).toMatchObject({ default: true, enabled: false, actions: [] });
  expect((await api.call(alice, "DELETE", path)).status).toBe(400);
  expect((await api.call(alice, "PUT", path, { actions: [] })).status).toBe(400);
});

test("rules that cannot be are refused", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const errorOf = async (place: string, body: unknown): Promise<unknown> =>
    (await api.call(alice, "PUT", `${GLOBAL}/${place}`, body)).json["errcode"];
  expect(await errorOf("content/x", { actions: [] })).toBe("M_MISSING_PARAM");
  expect(await errorOf("override/a%2Fb", { actions: [] })).toBe("M_INVALID_PARAM");
  expect(await errorOf("override/a", { actions: ["explode"] })).toBe("M_INVALID_PARAM");
  expect(await errorOf("override/a", {})).toBe("M_BAD_JSON");
  expect(await errorOf("nokind/a", { actions: [] })).toBe("M_INVALID_PARAM");
});
