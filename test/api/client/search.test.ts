import { expect, test } from "vitest";
import type { JsonObject } from "../../../core/json.ts";
import { roomApi, userOf } from "../../support/room-api.ts";
import type { RoomApi } from "../../support/room-api.ts";

interface Result {
  readonly rank: number;
  readonly result: { readonly event_id: string; readonly content: JsonObject };
  readonly context?: {
    readonly events_before: readonly { readonly content: JsonObject }[];
    readonly events_after: readonly { readonly content: JsonObject }[];
    readonly profile_info?: JsonObject;
  };
}

interface Found {
  readonly count: number;
  readonly highlights: readonly string[];
  readonly results: readonly Result[];
  readonly next_batch?: string;
  readonly groups?: JsonObject;
  readonly state?: Record<string, unknown[]>;
}

let sent = 0;
let now = 1_767_225_600_000;

/** No two events happen at the same moment, so their order is known. */
const apiOf = (users: readonly string[]): Promise<RoomApi> =>
  roomApi(users, { wallClock: () => (now += 2) });

async function say(api: RoomApi, as: string, room: string, body: string): Promise<string> {
  const path = `/rooms/${room}/send/m.room.message/s${sent++}`;
  const content = { msgtype: "m.text", body };
  return String((await api.call(as, "PUT", path, content)).json["event_id"]);
}

async function search(
  api: RoomApi,
  as: string,
  term: string,
  more: JsonObject = {},
  nextBatch?: string,
): Promise<Found> {
  const query = nextBatch === undefined ? "" : `?next_batch=${encodeURIComponent(nextBatch)}`;
  const criteria = { search_term: term, order_by: "recent", ...more };
  const body = { search_categories: { room_events: criteria } };
  const { status, text, json } = await api.call(as, "POST", `/search${query}`, body);
  if (status !== 200) throw new Error(text);
  return (json["search_categories"] as unknown as { room_events: Found }).room_events;
}

const bodies = ({ results }: Found): unknown[] =>
  results.map(({ result }) => result.content["body"]);

test("messages of all one's rooms are found, newest first or best first", async () => {
  await using api = await apiOf(["alice", "bob"]);
  const [kitchen, garden] = [await api.createRoom("alice"), await api.createRoom("alice")];
  await say(api, "alice", kitchen, "cake");
  await say(api, "alice", garden, "the cake is out in the garden");
  await say(api, "alice", kitchen, "nothing of the kind");
  await say(api, "alice", kitchen, "Cakes, a lot of them");
  const recent = await search(api, "alice", "cake");
  expect(bodies(recent)).toEqual(["Cakes, a lot of them", "the cake is out in the garden", "cake"]);
  expect(recent).toMatchObject({ count: 3, highlights: ["cake"] });
  expect(recent.next_batch).toBeUndefined();
  const best = await search(api, "alice", "cake", { order_by: "rank" });
  expect(bodies(best)[0]).toBe("cake");
  expect(bodies(await search(api, "bob", "cake"))).toEqual([]);
  expect(bodies(await search(api, "alice", "!?"))).toEqual([]);
});

test("names and topics are found, and only under the keys that are asked for", async () => {
  await using api = await apiOf(["alice"]);
  const room = await api.createRoom("alice", { name: "Holidays", topic: "Where the holidays go" });
  await say(api, "alice", room, "holidays!");
  const types = async (keys?: string[]): Promise<unknown[]> => {
    const { results } = await search(api, "alice", "holidays", keys ? { keys } : {});
    return results.map(({ result }) => (result as unknown as { type: string }).type).toSorted();
  };
  expect(await types()).toEqual(["m.room.message", "m.room.name", "m.room.topic"]);
  expect(await types(["content.name"])).toEqual(["m.room.name"]);
  expect(await types(["content.topic", "content.body"])).toEqual([
    "m.room.message",
    "m.room.topic",
  ]);
});

test("a filter narrows the rooms, the senders and the number of results", async () => {
  await using api = await apiOf(["alice", "bob"]);
  const one = await api.createRoom("alice", { preset: "public_chat" });
  const two = await api.createRoom("alice");
  await api.call("bob", "POST", `/join/${one}`, {});
  await say(api, "alice", one, "cake one");
  await say(api, "bob", one, "cake bob");
  await say(api, "alice", two, "cake two");
  const by = async (filter: JsonObject): Promise<unknown[]> =>
    bodies(await search(api, "alice", "cake", { filter }));
  expect(await by({ rooms: [one] })).toEqual(["cake bob", "cake one"]);
  expect(await by({ not_rooms: [one] })).toEqual(["cake two"]);
  expect(await by({ senders: [userOf("bob")] })).toEqual(["cake bob"]);
  expect(await by({ limit: 1 })).toEqual(["cake two"]);
});

test.each(["recent", "rank"])("pages by %s have every match once", async (order) => {
  await using api = await apiOf(["alice"]);
  const room = await api.createRoom("alice");
  const said: string[] = [];
  for (let i = 0; i < 7; i++) said.push(`cake ${"and more ".repeat((i * 3) % 7)}${i}`);
  for (const body of said) await say(api, "alice", room, body);
  const criteria = { order_by: order, filter: { limit: 3 } };
  const found: unknown[] = [];
  const ranks: number[] = [];
  let next: string | undefined;
  for (let pages = 0; pages < 3; pages++) {
    const page = await search(api, "alice", "cake", criteria, next);
    found.push(...bodies(page));
    ranks.push(...page.results.map(({ rank }) => rank));
    next = page.next_batch;
    expect(next === undefined).toBe(pages === 2);
    // What is said meanwhile belongs to no page of this search.
    await say(api, "alice", room, "late cake");
  }
  expect(found.toSorted()).toEqual(said.toSorted());
  if (order === "recent") expect(found).toEqual(said.toReversed());
  else expect(ranks).toEqual(ranks.toSorted((a, b) => b - a));
});

test("results come with what was said around them and the names of then", async () => {
  await using api = await apiOf(["alice"]);
  const room = await api.createRoom("alice");
  const rename = (displayname: string) =>
    api.call("alice", "PUT", `/profile/${userOf("alice")}/displayname`, { displayname });
  await rename("Early");
  for (const body of ["1", "2", "cake", "3", "4"]) await say(api, "alice", room, body);
  await rename("Late");
  const context = { before_limit: 1, after_limit: 2, include_profile: true };
  const { results } = await search(api, "alice", "cake", { event_context: context });
  const around = results[0]?.context;
  expect(around?.events_before.map(({ content }) => content["body"])).toEqual(["2"]);
  expect(around?.events_after.map(({ content }) => content["body"])).toEqual(["3", "4"]);
  expect(around?.profile_info).toEqual({ [userOf("alice")]: { displayname: "Early" } });
});

test("results are grouped, and the state of their rooms is told, if asked for", async () => {
  await using api = await apiOf(["alice", "bob"]);
  const room = await api.createRoom("alice", { preset: "public_chat", name: "Kitchen" });
  await api.createRoom("alice");
  await api.call("bob", "POST", `/join/${room}`, {});
  const hers = await say(api, "alice", room, "cake");
  const his = await say(api, "bob", room, "cake");
  const groupings = { group_by: [{ key: "room_id" }, { key: "sender" }] };
  const found = await search(api, "alice", "cake", { groupings, include_state: true });
  expect(found.groups).toEqual({
    room_id: { [room]: { order: 0, results: [his, hers] } },
    sender: {
      [userOf("bob")]: { order: 0, results: [his] },
      [userOf("alice")]: { order: 1, results: [hers] },
    },
  });
  expect(Object.keys(found.state ?? {})).toEqual([room]);
  expect(JSON.stringify(found.state)).toContain("Kitchen");
});

test("redacted messages, ignored people and encrypted rooms are not found", async () => {
  await using api = await apiOf(["alice", "bob"]);
  const room = await api.createRoom("alice", { preset: "public_chat" });
  const secret = await api.createRoom("alice");
  await api.call("bob", "POST", `/join/${room}`, {});
  await say(api, "alice", secret, "cake in secret");
  const algorithm = { algorithm: "m.megolm.v1.aes-sha2" };
  await api.call("alice", "PUT", `/rooms/${secret}/state/m.room.encryption`, algorithm);
  const gone = await say(api, "alice", room, "cake gone");
  await api.call("alice", "PUT", `/rooms/${room}/redact/${gone}/r`, {});
  await say(api, "bob", room, "cake by bob");
  expect(bodies(await search(api, "alice", "cake"))).toEqual(["cake by bob"]);
  const list = { ignored_users: { [userOf("bob")]: {} } };
  const path = `/user/${userOf("alice")}/account_data/m.ignored_user_list`;
  await api.call("alice", "PUT", path, list);
  expect(bodies(await search(api, "alice", "cake"))).toEqual([]);
});

test("wrong requests are refused, and other categories find nothing", async () => {
  await using api = await apiOf(["alice"]);
  await expect(search(api, "alice", "x", {}, "nonsense")).rejects.toThrow("M_INVALID_PARAM");
  await expect(search(api, "alice", "x".repeat(257))).rejects.toThrow("M_INVALID_PARAM");
  await expect(search(api, "alice", "x", { filter: { types: "x" } })).rejects.toThrow("M_BAD_JSON");
  const { status, json } = await api.call("alice", "POST", "/search", { search_categories: {} });
  expect([status, json]).toEqual([200, { search_categories: {} }]);
});
