import { expect, test } from "vitest";
import type { JsonObject } from "../../../core/json.ts";
import { roomApi, userOf } from "../../support/room-api.ts";
import type { RoomApi } from "../../support/room-api.ts";

async function room(api: RoomApi, visibility: string, words = ["one", "two"]): Promise<string> {
  const content = { history_visibility: visibility };
  const initial = { type: "m.room.history_visibility", state_key: "", content };
  const id = await api.createRoom("alice", {
    preset: "public_chat",
    visibility: "public",
    initial_state: [initial],
  });
  for (const body of words) {
    await api.call("alice", "PUT", `/rooms/${id}/send/m.room.message/${encodeURIComponent(body)}`, {
      body,
    });
  }
  return id;
}

const bodiesOf = (events: unknown): unknown[] =>
  (events as { content: JsonObject }[]).flatMap(({ content }) => content["body"] ?? []);

test("a room is told at one look, and its tokens lead on", async () => {
  await using api = await roomApi(["alice"]);
  const words = Array.from({ length: 12 }, (_, i) => `word ${i}`);
  const id = await room(api, "shared", words);
  const tag = `/user/${userOf("alice")}/rooms/${id}/tags/u.home`;
  await api.call("alice", "PUT", tag, { order: 0.5 });
  const data = `/user/${userOf("alice")}/rooms/${id}/account_data/org.example`;
  await api.call("alice", "PUT", data, { a: 1 });
  const { status, json } = await api.call("alice", "GET", `/rooms/${id}/initialSync`);
  expect(status).toBe(200);
  expect(json).toMatchObject({ room_id: id, membership: "join", visibility: "public" });
  expect(json["account_data"]).toEqual([
    { type: "org.example", content: { a: 1 } },
    { type: "m.tag", content: { tags: { "u.home": { order: 0.5 } } } },
  ]);
  const state = json["state"] as { type: string }[];
  expect(state.map(({ type }) => type)).toContain("m.room.history_visibility");
  const { start, end, chunk } = json["messages"] as { start: string; end: string; chunk: unknown };
  expect(bodiesOf(chunk)).toEqual(words.slice(-10));
  await api.call("alice", "PUT", `/rooms/${id}/send/m.room.message/three`, { body: "three" });
  const page = async (query: string): Promise<JsonObject> =>
    (await api.call("alice", "GET", `/rooms/${id}/messages?${query}`)).json;
  expect(bodiesOf((await page(`dir=f&from=${end}`))["chunk"])).toEqual(["three"]);
  const earlier = await page(`dir=b&from=${start}`);
  expect(bodiesOf(earlier["chunk"])).toEqual(["word 1", "word 0"]);
});

test("outsiders look into rooms that all may read, and into no other", async () => {
  await using api = await roomApi(["alice", "bob"]);
  const open = await room(api, "world_readable");
  const { status, json } = await api.call("bob", "GET", `/rooms/${open}/initialSync`);
  expect([status, "membership" in json, json["account_data"]]).toEqual([200, false, []]);
  expect(bodiesOf((json["messages"] as JsonObject)["chunk"])).toEqual(["one", "two"]);
  for (const closed of [await room(api, "shared"), "!none:hearth.test"]) {
    const refused = await api.call("bob", "GET", `/rooms/${closed}/initialSync`);
    expect([refused.status, refused.json["errcode"]]).toEqual([403, "M_FORBIDDEN"]);
  }
});

test("those who left see the room as they left it", async () => {
  await using api = await roomApi(["alice", "bob"]);
  const id = await room(api, "shared");
  await api.call("bob", "POST", `/rooms/${id}/join`, {});
  await api.call("bob", "POST", `/rooms/${id}/leave`, {});
  await api.call("alice", "PUT", `/rooms/${id}/state/m.room.topic`, { topic: "since" });
  await api.call("alice", "PUT", `/rooms/${id}/send/m.room.message/three`, { body: "three" });
  const { json } = await api.call("bob", "GET", `/rooms/${id}/initialSync`);
  expect(json["membership"]).toBe("leave");
  expect(bodiesOf((json["messages"] as JsonObject)["chunk"])).toEqual(["one", "two"]);
  expect(JSON.stringify(json["state"])).not.toContain("since");
});
