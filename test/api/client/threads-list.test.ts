import { expect, test } from "vitest";
import type { JsonObject } from "../../../core/json.ts";
import { roomApi, userOf } from "../../support/room-api.ts";
import type { RoomApi } from "../../support/room-api.ts";

/** A room in which alice and bob have threads. */
async function threadsRoom(api: RoomApi) {
  const room = await api.createRoom("alice", { preset: "public_chat" });
  await api.call("bob", "POST", `/join/${room}`, {});
  let count = 0;
  return {
    room,
    async say(as: string, body: string, root?: string): Promise<string> {
      const related = { "m.relates_to": { rel_type: "m.thread", event_id: root ?? "" } };
      const content = { body, ...(root === undefined ? {} : related) };
      const path = `/rooms/${room}/send/m.room.message/t${count++}`;
      return String((await api.call(as, "PUT", path, content)).json["event_id"]);
    },
    async threads(as: string, query = ""): Promise<{ bodies: unknown[]; json: JsonObject }> {
      const url = `/_matrix/client/v1/rooms/${room}/threads${query}`;
      const { status, text, json } = await api.call(as, "GET", url);
      if (status !== 200) throw new Error(text);
      const chunk = json["chunk"] as { content: JsonObject }[];
      return { json, bodies: chunk.map(({ content }) => content["body"]) };
    },
  };
}

test("threads are listed by their newest events, with their summaries", async () => {
  await using api = await roomApi(["alice", "bob"]);
  const { say, threads } = await threadsRoom(api);
  const [a, b] = [await say("alice", "a"), await say("bob", "b")];
  await say("alice", "no thread");
  await say("bob", "in b", b);
  await say("bob", "in a", a);
  expect((await threads("alice")).bodies).toEqual(["a", "b"]);
  await say("alice", "in b again", b);
  const { json, bodies } = await threads("alice");
  expect(bodies).toEqual(["b", "a"]);
  expect(json).toMatchObject({
    chunk: [
      {
        event_id: b,
        unsigned: {
          "m.relations": {
            "m.thread": {
              count: 2,
              current_user_participated: true,
              latest_event: { content: { body: "in b again" } },
            },
          },
        },
      },
      { event_id: a },
    ],
  });
  expect(json["next_batch"]).toBeUndefined();
});

test("one's own threads are those that one began or wrote in", async () => {
  await using api = await roomApi(["alice", "bob"]);
  const { say, threads } = await threadsRoom(api);
  const [his, hers, other] = [
    await say("bob", "1"),
    await say("alice", "2"),
    await say("bob", "3"),
  ];
  await say("alice", "x", his);
  await say("bob", "x", hers);
  await say("bob", "x", other);
  expect((await threads("alice", "?include=participated")).bodies).toEqual(["2", "1"]);
  expect((await threads("alice", "?include=all")).bodies).toEqual(["3", "2", "1"]);
});

test("pages follow each other without gap or repetition", async () => {
  await using api = await roomApi(["alice", "bob"]);
  const { say, threads } = await threadsRoom(api);
  for (let i = 0; i < 5; i++) await say("bob", "x", await say("alice", String(i)));
  const found: unknown[] = [];
  let from = "";
  for (let pages = 0; pages < 3; pages++) {
    const { json, bodies } = await threads("bob", `?limit=2${from}`);
    found.push(...bodies);
    expect(json["next_batch"] === undefined).toBe(pages === 2);
    from = `&from=${String(json["next_batch"])}`;
  }
  expect(found).toEqual(["4", "3", "2", "1", "0"]);
});

test("what an ignored user began is listed without its content", async () => {
  await using api = await roomApi(["alice", "bob"]);
  const { say, threads } = await threadsRoom(api);
  await say("alice", "answer", await say("bob", "his"));
  const list = { ignored_users: { [userOf("bob")]: {} } };
  const path = `/user/${userOf("alice")}/account_data/m.ignored_user_list`;
  await api.call("alice", "PUT", path, list);
  const { json } = await threads("alice");
  expect(json).toMatchObject({ chunk: [{ sender: userOf("bob"), content: {} }] });
  expect((await threads("alice")).bodies).toEqual([undefined]);
});

test("strangers and wrong tokens are refused", async () => {
  await using api = await roomApi(["alice", "bob", "eve"]);
  const { threads } = await threadsRoom(api);
  await expect(threads("eve")).rejects.toThrow("M_FORBIDDEN");
  await expect(threads("alice", "?from=x")).rejects.toThrow("M_INVALID_PARAM");
});

test("a thread cannot begin with an event that relates to another one", async () => {
  await using api = await roomApi(["alice", "bob"]);
  const { room, say } = await threadsRoom(api);
  const reply = await say("alice", "reply", await say("alice", "root"));
  const content = { body: "x", "m.relates_to": { rel_type: "m.thread", event_id: reply } };
  const path = `/rooms/${room}/send/m.room.message/nested`;
  const { status, json } = await api.call("alice", "PUT", path, content);
  expect([status, json["errcode"]]).toEqual([400, "M_UNKNOWN"]);
});
