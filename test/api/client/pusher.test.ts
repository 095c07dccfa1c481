import { expect, test } from "vitest";
import type { JsonObject } from "../../../core/json.ts";
import type { AccountApi, Session } from "../../support/account-api.ts";
import { accountApi } from "../../support/account-api.ts";
import { FakeGateway, GATEWAY_URL } from "../../support/fake-gateway.ts";

const PUSHER = {
  kind: "http",
  app_id: "org.example.app",
  pushkey: "key1",
  app_display_name: "App",
  device_display_name: "Phone",
  lang: "en",
  data: { url: GATEWAY_URL, brand: "x" },
};

async function set(api: AccountApi, as: Session, change: JsonObject = {}): Promise<number> {
  return (await api.call(as, "POST", "/pushers/set", { ...PUSHER, ...change })).status;
}

async function keysOf(api: AccountApi, as: Session): Promise<unknown[]> {
  const { json } = await api.call(as, "GET", "/pushers");
  return (json["pushers"] as JsonObject[]).map(({ pushkey }) => pushkey);
}

/** A room of the two, in which the second one has a pusher. */
async function talk(gateway: FakeGateway, change: JsonObject = {}) {
  const api = await accountApi({ http: gateway });
  const [alice, bob] = [await api.register("alice"), await api.register("bob")];
  const name = { displayname: "Alice" };
  await api.call(alice, "PUT", `/profile/${alice.user}/displayname`, name);
  const body = { preset: "public_chat", name: "Kitchen" };
  const room = String((await api.call(alice, "POST", "/createRoom", body)).json["room_id"]);
  await api.call(bob, "POST", `/join/${encodeURIComponent(room)}`, {});
  await set(api, bob, change);
  let count = 0;
  const say = async (text: string, type = "m.room.message"): Promise<string> => {
    const path = `/rooms/${room}/send/${type}/${count++}`;
    const { json } = await api.call(alice, "PUT", path, { msgtype: "m.text", body: text });
    return String(json["event_id"]);
  };
  const read = (event: string) =>
    api.call(bob, "POST", `/rooms/${room}/receipt/m.read/${event}`, {});
  return { api, alice, bob, room, say, read };
}

test("pushers are set, listed, changed and deleted", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  expect(await set(api, alice, { profile_tag: "tag" })).toBe(200);
  expect(await set(api, alice, { pushkey: "key2" })).toBe(200);
  const { json } = await api.call(alice, "GET", "/pushers");
  expect(json["pushers"]).toEqual([
    {
      ...PUSHER,
      profile_tag: "tag",
      "org.matrix.msc3881.enabled": true,
      "org.matrix.msc3881.device_id": alice.device,
    },
    {
      ...PUSHER,
      pushkey: "key2",
      "org.matrix.msc3881.enabled": true,
      "org.matrix.msc3881.device_id": alice.device,
    },
  ]);
  const gone = { app_id: PUSHER.app_id, pushkey: "key1", kind: null };
  expect((await api.call(alice, "POST", "/pushers/set", gone)).status).toBe(200);
  expect(await keysOf(api, alice)).toEqual(["key2"]);
});

test("setting the same pusher again writes nothing", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  await set(api, alice);
  const before = vectorOf(api);
  await set(api, alice);
  expect(vectorOf(api)).toEqual(before);
  await set(api, alice, { lang: "de" });
  expect(vectorOf(api)).not.toEqual(before);
});

function vectorOf({ services }: AccountApi): unknown {
  using snapshot = services.reader.snapshot();
  return snapshot.vector;
}

test.each<[string, JsonObject, string]>([
  ["another kind", { kind: "email" }, "M_INVALID_PARAM"],
  ["no language", { lang: undefined }, "M_MISSING_PARAM"],
  ["no URL", { data: {} }, "M_MISSING_PARAM"],
  ["a URL with another path", { data: { url: "https://example.org/" } }, "M_INVALID_PARAM"],
  ["a URL of another kind", { data: { url: "file:///_matrix/push/v1/notify" } }, "M_INVALID_PARAM"],
  ["a long app ID", { app_id: "a".repeat(65) }, "M_INVALID_PARAM"],
  ["a long pushkey", { pushkey: "é".repeat(257) }, "M_INVALID_PARAM"],
  ["a pushkey with a separator of the store", { pushkey: "a\u001fb" }, "M_INVALID_PARAM"],
])("%s is refused", async (_, change, errcode) => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const body = JSON.parse(JSON.stringify({ ...PUSHER, ...change })) as JsonObject;
  const { status, json } = await api.call(alice, "POST", "/pushers/set", body);
  expect([status, json["errcode"]]).toEqual([400, errcode]);
});

test("an app that somebody else logs in to is no longer the former user's, unless both are wanted", async () => {
  await using api = await accountApi();
  const [alice, bob, carol] = [
    await api.register("alice"),
    await api.register("bob"),
    await api.register("carol"),
  ];
  await set(api, alice);
  await set(api, bob, { append: true });
  expect([await keysOf(api, alice), await keysOf(api, bob)]).toEqual([["key1"], ["key1"]]);
  await set(api, carol);
  expect([await keysOf(api, alice), await keysOf(api, bob)]).toEqual([[], []]);
  expect(await keysOf(api, carol)).toEqual(["key1"]);
});

test("a pusher ends with the session that set it", async () => {
  await using api = await accountApi();
  const alice = await api.register("alice");
  const other = await api.login("alice");
  await set(api, alice);
  await set(api, other, { pushkey: "key2" });
  await api.call(other, "POST", "/logout", {});
  expect(await keysOf(api, alice)).toEqual(["key1"]);
});

test("a message is told with what the gateway needs to show it", async () => {
  const gateway = new FakeGateway();
  const { api, alice, say } = await talk(gateway);
  await using _ = api;
  const event = await say("hello");
  const notification = await gateway.nth(1);
  expect(gateway.sent[0]?.url).toBe(GATEWAY_URL);
  const pushed = notification["devices"] as JsonObject[];
  expect(notification).toEqual({
    event_id: event,
    room_id: expect.stringMatching(/^!/),
    type: "m.room.message",
    sender: alice.user,
    sender_display_name: "Alice",
    room_name: "Kitchen",
    content: { msgtype: "m.text", body: "hello" },
    counts: { unread: 1 },
    prio: "high",
    devices: [
      {
        app_id: PUSHER.app_id,
        pushkey: "key1",
        pushkey_ts: expect.any(Number),
        data: { brand: "x" },
        tweaks: { sound: "default" },
      },
    ],
  });
  expect(Math.abs(Number(pushed[0]?.["pushkey_ts"]) * 1000 - Date.now())).toBeLessThan(60_000);
});

test("with the format event_id_only nothing of the event is told but its ID", async () => {
  const gateway = new FakeGateway();
  const data = { url: GATEWAY_URL, format: "event_id_only" };
  const { api, say } = await talk(gateway, { data });
  await using _ = api;
  const event = await say("hello");
  const notification = await gateway.nth(1);
  expect(Object.keys(notification).toSorted()).toEqual([
    "counts",
    "devices",
    "event_id",
    "prio",
    "room_id",
  ]);
  expect(notification["event_id"]).toBe(event);
});

test("two devices with one gateway are told by one request", async () => {
  const gateway = new FakeGateway();
  const { api, bob, say } = await talk(gateway);
  await using _ = api;
  await set(api, bob, { pushkey: "key2" });
  await say("one");
  await say("two");
  const devices = (await gateway.nth(2))["devices"] as JsonObject[];
  expect(devices.map(({ pushkey }) => pushkey)).toEqual(["key1", "key2"]);
  expect(gateway.sent).toHaveLength(2);
});

test("own events, and those that a rule silences, tell nobody", async () => {
  const gateway = new FakeGateway();
  const { api, bob, room, say } = await talk(gateway);
  await using _ = api;
  await api.call(bob, "PUT", `/rooms/${room}/send/m.room.message/x`, { body: "mine" });
  const rule = { pattern: "dinner", actions: [] };
  await api.call(bob, "PUT", "/pushrules/global/content/quiet", rule);
  await say("dinner is ready");
  await say("nothing", "m.reaction");
  const event = await say("heard");
  expect((await gateway.nth(1))["event_id"]).toBe(event);
});

test("a pusher that was switched off from another device tells nobody", async () => {
  const gateway = new FakeGateway();
  const { api, bob, say } = await talk(gateway, { "org.matrix.msc3881.enabled": false });
  await using _ = api;
  await say("not told");
  await set(api, bob);
  const event = await say("told");
  expect((await gateway.nth(1))["event_id"]).toBe(event);
});

test("an invitation is told to the one who is invited", async () => {
  const gateway = new FakeGateway();
  const { api, alice, bob } = await talk(gateway);
  await using _ = api;
  await api.call(alice, "POST", "/createRoom", { invite: [bob.user], is_direct: true });
  const notification = await gateway.nth(1);
  expect(notification).toMatchObject({ type: "m.room.member", user_is_target: true });
  expect(notification["content"]).toMatchObject({ membership: "invite" });
});

test("reading tells the new number, once, and zero too", async () => {
  const gateway = new FakeGateway();
  const { api, say, read } = await talk(gateway);
  await using _ = api;
  await say("one");
  await gateway.nth(1);
  const second = await say("two");
  expect((await gateway.nth(2))["counts"]).toEqual({ unread: 2 });
  await read(second);
  const badge = await gateway.nth(3);
  expect(badge).toMatchObject({ counts: { unread: 0 }, prio: "low" });
  expect(badge["event_id"]).toBeUndefined();
  await read(second);
  const third = await say("three");
  expect((await gateway.nth(4))["event_id"]).toBe(third);
});

test("pushkeys that the gateway rejects lose their pushers", async () => {
  const gateway = new FakeGateway();
  gateway.answer = () => ({ kind: "answer", status: 200, text: '{"rejected":["key1"]}' });
  const { api, bob, say } = await talk(gateway);
  await using _ = api;
  await set(api, bob, { pushkey: "key2", data: { url: GATEWAY_URL, format: "event_id_only" } });
  await say("hello");
  await gateway.nth(2);
  await expect.poll(() => keysOf(api, bob)).toEqual(["key2"]);
});

test("a gateway that fails is asked again, one that is refused is not", async () => {
  const gateway = new FakeGateway();
  gateway.answer = () => ({ kind: "answer", status: 502, text: "" });
  const { api, say } = await talk(gateway);
  await using _ = api;
  const event = await say("hello");
  await gateway.nth(1);
  gateway.answer = () => ({ kind: "refused", reason: "private" });
  expect((await gateway.nth(2))["event_id"]).toBe(event);
  const next = await say("next");
  expect((await gateway.nth(3))["event_id"]).toBe(next);
});

test("what was read before its gateway could be reached is not told any more", async () => {
  const gateway = new FakeGateway();
  gateway.answer = () => ({ kind: "answer", status: 502, text: "" });
  const { api, say, read } = await talk(gateway);
  await using _ = api;
  const event = await say("hello");
  await gateway.nth(1);
  gateway.answer = () => ({ kind: "answer", status: 200, text: "{}" });
  await read(event);
  // The first thing said after the failure is the number, which has come down.
  expect(await gateway.nth(2)).toMatchObject({ counts: { unread: 0 } });
});
