import { expect, test } from "vitest";
import { OVER_MAX } from "../../../core/delayed/schedule.ts";
import type { JsonObject } from "../../../core/json.ts";
import type { AccountApi, Session } from "../../support/account-api.ts";
import { accountApi } from "../../support/account-api.ts";

const BASE = "/_matrix/client/unstable/org.matrix.msc4140";
/** Later than any of these tests takes, milliseconds. */
const LATER = 3_600_000;

async function inRoom() {
  const api = await accountApi();
  const [alice, bob] = [await api.register("alice"), await api.register("bob")];
  const body = { preset: "public_chat" };
  const room = String((await api.call(alice, "POST", "/createRoom", body)).json["room_id"]);
  let count = 0;
  const plan = async (change: JsonObject = {}, as: Session = alice): Promise<JsonObject> => {
    const content = { msgtype: "m.text", body: "later" };
    const path = `${BASE}/rooms/${room}/delayed_event/m.room.message/t${count++}`;
    const { json } = await api.call(as, "PUT", path, { content, delay_ms: LATER, ...change });
    return json;
  };
  return { api, alice, bob, room, plan };
}

const manage = (api: AccountApi, as: Session | undefined, id: unknown, action: string) =>
  api.call(as, "POST", `${BASE}/delayed_events/${id}/${action}`);

const look = (api: AccountApi, as: Session, id: unknown) =>
  api.call(as, "GET", `${BASE}/delayed_events/${id}`);

async function messages(api: AccountApi, as: Session, room: string): Promise<JsonObject[]> {
  const { json } = await api.call(as, "GET", `/rooms/${room}/messages?dir=b&limit=50`);
  return (json["chunk"] as JsonObject[]).filter(({ type }) => type === "m.room.message");
}

test("an event is sent when its time has come, and says by what it was scheduled", async () => {
  const { api, alice, bob, room, plan } = await inRoom();
  await using _ = api;
  const { delay_id: id } = await plan({ delay_ms: 50 });
  await expect.poll(async () => (await messages(api, alice, room)).length).toBe(1);
  const [event] = await messages(api, alice, room);
  expect(event).toMatchObject({
    sender: alice.user,
    content: { body: "later" },
    unsigned: { "org.matrix.msc4140.delay_id": id },
  });
  expect(event?.["unsigned"]).not.toHaveProperty("transaction_id");
  await api.call(bob, "POST", `/join/${encodeURIComponent(room)}`, {});
  const [seen] = await messages(api, bob, room);
  expect(Object.keys(seen?.["unsigned"] ?? {})).not.toContain("org.matrix.msc4140.delay_id");
  expect((await look(api, alice, id)).json).toMatchObject({
    delay_id: id,
    event_id: event?.["event_id"],
    finalised_ts: expect.any(Number),
  });
});

test("events are listed until they are over, the next one first", async () => {
  const { api, alice, bob, room, plan } = await inRoom();
  await using _ = api;
  const { delay_id: late } = await plan({ delay_ms: 2 * LATER });
  const { delay_id: soon } = await plan({ delay_ms: LATER, state_key: "x" });
  const { json } = await api.call(alice, "GET", `${BASE}/delayed_events`);
  expect(json["delayed_events"]).toMatchObject([
    {
      delay_id: soon,
      room_id: room,
      type: "m.room.message",
      state_key: "x",
      content: { body: "later" },
      delay_ms: LATER,
      scheduled_at: expect.any(Number),
    },
    { delay_id: late },
  ]);
  const others = await api.call(bob, "GET", `${BASE}/delayed_events`);
  expect(others.json["delayed_events"]).toEqual([]);
  expect((await look(api, bob, soon)).json["errcode"]).toBe("M_NOT_FOUND");
  await manage(api, alice, soon, "cancel");
  const left = (await api.call(alice, "GET", `${BASE}/delayed_events`)).json["delayed_events"];
  expect((left as JsonObject[]).map((each) => each["delay_id"])).toEqual([late]);
});

test("an event is sent at once, cancelled or put off on demand, and then as often as asked", async () => {
  const { api, alice, bob, room, plan } = await inRoom();
  await using _ = api;
  const { delay_id: sent } = await plan();
  const { delay_id: cancelled } = await plan();
  expect((await manage(api, bob, sent, "send")).status).toBe(404);
  for (let i = 0; i < 2; i++) {
    expect((await manage(api, alice, sent, "send")).status).toBe(200);
    expect((await manage(api, alice, cancelled, "cancel")).status).toBe(200);
  }
  expect(await messages(api, alice, room)).toHaveLength(1);
  for (const [id, action] of [
    [sent, "cancel"],
    [sent, "restart"],
    [cancelled, "send"],
    [cancelled, "restart"],
  ] as const) {
    expect((await manage(api, alice, id, action)).status).toBe(409);
  }
  expect((await look(api, alice, cancelled)).json["event_id"]).toBeUndefined();
  expect((await manage(api, alice, "unknown", "send")).status).toBe(404);
  expect((await manage(api, alice, sent, "explode")).status).toBe(404);
});

test("restarting counts the delay from now, also for a call server that has only the ID", async () => {
  const { api, alice, plan } = await inRoom();
  await using _ = api;
  const { delay_id: id } = await plan();
  const at = async (): Promise<number> => Number((await look(api, alice, id)).json["scheduled_at"]);
  const before = await at();
  await expect
    .poll(async () => {
      expect((await manage(api, undefined, id, "restart")).status).toBe(200);
      return at();
    })
    .toBeGreaterThan(before);
  const path = `${BASE}/delayed_events/${id}`;
  expect((await api.call(undefined, "POST", path, { action: "cancel" })).status).toBe(200);
  expect((await look(api, alice, id)).json["finalised_ts"]).toBeDefined();
});

test("the same request again is the same delayed event", async () => {
  const { api, alice, room } = await inRoom();
  await using _ = api;
  const path = `${BASE}/rooms/${room}/delayed_event/m.room.message/same`;
  const body = { content: { body: "later" }, delay_ms: LATER };
  const first = (await api.call(alice, "PUT", path, body)).json;
  expect((await api.call(alice, "PUT", path, body)).json).toEqual(first);
  const { json } = await api.call(alice, "GET", `${BASE}/delayed_events`);
  expect(json["delayed_events"]).toHaveLength(1);
});

test("the draft that clients use puts the delay into the query of sending", async () => {
  const { api, alice, room } = await inRoom();
  await using _ = api;
  const query = "org.matrix.msc4140.delay=3600000";
  const message = `/rooms/${room}/send/m.room.message/x?${query}`;
  const sent = await api.call(alice, "PUT", message, { body: "later" });
  const state = `/rooms/${room}/state/org.example.call/${alice.user}?${query}`;
  const left = await api.call(alice, "PUT", state, { left: true });
  for (const { json } of [sent, left]) expect(Object.keys(json)).toEqual(["delay_id"]);
  expect(await messages(api, alice, room)).toEqual([]);
  await manage(api, alice, left.json["delay_id"], "send");
  const path = `/rooms/${room}/state/org.example.call/${alice.user}`;
  expect((await api.call(alice, "GET", path)).json).toEqual({ left: true });
  const bad = `/rooms/${room}/send/m.room.message/y?org.matrix.msc4140.delay=soon`;
  expect((await api.call(alice, "PUT", bad, {})).json["errcode"]).toBe("M_INVALID_PARAM");
});

test("what the room refuses when the time has come is over, with the reason", async () => {
  const { api, alice, bob, room, plan } = await inRoom();
  await using _ = api;
  expect((await plan({}, bob))["errcode"]).toBe("M_FORBIDDEN");
  await api.call(bob, "POST", `/join/${encodeURIComponent(room)}`, {});
  const { delay_id: id } = await plan({ delay_ms: 300 }, bob);
  await api.call(alice, "POST", `/rooms/${room}/ban`, { user_id: bob.user });
  expect((await manage(api, bob, id, "send")).json["errcode"]).toBe("M_FORBIDDEN");
  await expect
    .poll(async () => (await look(api, bob, id)).json["error"])
    .toMatchObject({ errcode: "M_FORBIDDEN" });
  expect((await manage(api, bob, id, "cancel")).status).toBe(200);
});

test.each<[string, JsonObject, number, string]>([
  ["no delay", { delay_ms: 0 }, 400, "M_INVALID_PARAM"],
  ["a delay of years", { delay_ms: 1e12 }, 403, "M_FORBIDDEN"],
  ["a delay that is text", { delay_ms: "5" }, 400, "M_BAD_JSON"],
  ["content that is none", { content: "x" }, 400, "M_BAD_JSON"],
  ["a state key that is none", { state_key: 5 }, 400, "M_BAD_JSON"],
])("%s is refused", async (_name, change, status, errcode) => {
  const { api, alice, room } = await inRoom();
  await using _ = api;
  const path = `${BASE}/rooms/${room}/delayed_event/m.room.message/x`;
  const answer = await api.call(alice, "PUT", path, { content: {}, delay_ms: LATER, ...change });
  expect([answer.status, answer.json["errcode"]]).toEqual([status, errcode]);
});

test("nobody may have more than a hundred scheduled", async () => {
  const { api, alice, plan } = await inRoom();
  await using _ = api;
  const ids: unknown[] = [];
  for (let i = 0; i < 100; i++) ids.push((await plan())["delay_id"]);
  expect((await plan())["errcode"]).toBe("M_LIMIT_EXCEEDED");
  await manage(api, alice, ids[0], "cancel");
  expect((await plan())["delay_id"]).toBeDefined();
});

test("of those that are over, the oldest are forgotten, so that nobody's crowd out others'", async () => {
  const { api, alice, plan } = await inRoom();
  await using _ = api;
  const ids: unknown[] = [];
  for (let i = 0; i <= OVER_MAX; i++) {
    const { delay_id: id } = await plan();
    await manage(api, alice, id, "cancel");
    ids.push(id);
  }
  expect((await look(api, alice, ids[0])).status).toBe(200);
  const { delay_id: next } = await plan();
  expect((await look(api, alice, ids[0])).status).toBe(404);
  for (const id of [ids[1], ids.at(-1), next]) {
    expect((await look(api, alice, id)).status).toBe(200);
  }
});
