import { expect, test } from "vitest";
import type { JsonObject } from "../../../core/json.ts";
import { roomApi, userOf } from "../../support/room-api.ts";
import type { RoomApi } from "../../support/room-api.ts";

interface RelationsPage {
  readonly bodies: readonly unknown[];
  readonly json: JsonObject;
}

/** A room in which alice and bob can say things that relate to others. */
async function talk(api: RoomApi) {
  const room = await api.createRoom("alice", { preset: "public_chat" });
  await api.call("bob", "POST", `/join/${room}`, {});
  let count = 0;
  return {
    room,
    async say(as: string, body: string, relates?: [type: string, parent: string], type?: string) {
      const content = relates
        ? { body, "m.relates_to": { rel_type: relates[0], event_id: relates[1] } }
        : { body };
      const path = `/rooms/${room}/send/${type ?? "m.room.message"}/t${count++}`;
      return String((await api.call(as, "PUT", path, content)).json["event_id"]);
    },
    async related(as: string, path: string): Promise<RelationsPage> {
      const url = `/_matrix/client/v1/rooms/${room}/relations/${path}`;
      const { status, text, json } = await api.call(as, "GET", url);
      if (status !== 200) throw new Error(text);
      const chunk = json["chunk"] as { content: JsonObject }[];
      return { json, bodies: chunk.map(({ content }) => content["body"]) };
    },
  };
}

test("what relates to an event is told newest first, by kind and by type", async () => {
  await using api = await roomApi(["alice", "bob"]);
  const { say, related } = await talk(api);
  const root = await say("alice", "root");
  await say("bob", "one", ["m.thread", root]);
  await say("alice", "two", ["m.reference", root]);
  await say("bob", "three", ["m.thread", root], "org.example.note");
  await say("bob", "unrelated");
  expect((await related("alice", root)).bodies).toEqual(["three", "two", "one"]);
  expect((await related("alice", `${root}?dir=f`)).bodies).toEqual(["one", "two", "three"]);
  expect((await related("bob", `${root}/m.thread`)).bodies).toEqual(["three", "one"]);
  const notes = await related("bob", `${root}/m.thread/org.example.note`);
  expect(notes.bodies).toEqual(["three"]);
  expect(notes.json["recursion_depth"]).toBeUndefined();
});

test("children of children are told where asked, as far as the filter leads from one to the next", async () => {
  await using api = await roomApi(["alice", "bob"]);
  const { say, related } = await talk(api);
  const root = await say("alice", "root");
  const reply = await say("bob", "reply", ["m.thread", root]);
  const reaction = await say("alice", "reaction", ["m.annotation", reply], "m.reaction");
  await say("alice", "deeper", ["m.reference", reaction]);
  expect((await related("alice", root)).bodies).toEqual(["reply"]);
  const all = await related("alice", `${root}?recurse=true`);
  expect(all.bodies).toEqual(["deeper", "reaction", "reply"]);
  expect(all.json["recursion_depth"]).toBe(3);
  const ofOneKind = async (type: string) =>
    (await related("alice", `${root}/${type}?recurse=true`)).bodies;
  expect(await ofOneKind("m.thread")).toEqual(["reply"]);
  expect(await ofOneKind("m.annotation")).toEqual([]);
});

test("pages follow each other in both directions without gap or repetition", async () => {
  await using api = await roomApi(["alice", "bob"]);
  const { say, related } = await talk(api);
  const root = await say("alice", "root");
  const said: string[] = [];
  for (let i = 0; i < 7; i++) {
    said.push(`m${i}`);
    await say(i % 2 ? "alice" : "bob", `m${i}`, ["m.thread", root]);
  }
  for (const [dir, expected] of [
    ["b", said.toReversed()],
    ["f", said],
  ] as const) {
    const found: unknown[] = [];
    let from = "";
    for (let pages = 0; pages < 3; pages++) {
      const page = await related("bob", `${root}/m.thread?dir=${dir}&limit=3${from}`);
      found.push(...page.bodies);
      expect(page.json["prev_batch"] === undefined).toBe(pages === 0);
      expect(page.json["next_batch"] === undefined).toBe(pages === 2);
      from = `&from=${String(page.json["next_batch"])}`;
    }
    expect(found).toEqual(expected);
  }
});

test("redacted children and those of ignored people are not told", async () => {
  await using api = await roomApi(["alice", "bob"]);
  const { room, say, related } = await talk(api);
  const root = await say("alice", "root");
  const gone = await say("alice", "gone", ["m.thread", root]);
  await say("alice", "mine", ["m.thread", root]);
  await say("bob", "his", ["m.thread", root]);
  await api.call("alice", "PUT", `/rooms/${room}/redact/${gone}/r1`, {});
  expect((await related("alice", root)).bodies).toEqual(["his", "mine"]);
  const list = { ignored_users: { [userOf("bob")]: {} } };
  const path = `/user/${userOf("alice")}/account_data/m.ignored_user_list`;
  await api.call("alice", "PUT", path, list);
  expect((await related("alice", root)).bodies).toEqual(["mine"]);
});

test("strangers and wrong tokens are refused", async () => {
  await using api = await roomApi(["alice", "bob", "eve"]);
  const { room, say } = await talk(api);
  const root = await say("alice", "root");
  const refusal = async (as: string, path: string): Promise<unknown> => {
    const url = `/_matrix/client/v1/rooms/${room}/relations/${path}`;
    const { status, json } = await api.call(as, "GET", url);
    return [status, json["errcode"]];
  };
  expect(await refusal("eve", root)).toEqual([404, "M_NOT_FOUND"]);
  expect(await refusal("alice", "$nothing")).toEqual([404, "M_NOT_FOUND"]);
  expect(await refusal("alice", `${root}?from=x`)).toEqual([400, "M_INVALID_PARAM"]);
});
