import { expect, test } from "vitest";
import type { JsonObject } from "../../../core/json.ts";
import { roomApi, userOf } from "../../support/room-api.ts";
import type { RoomApi } from "../../support/room-api.ts";

interface Page {
  readonly names: readonly unknown[];
  readonly rooms: readonly JsonObject[];
  readonly next: string | undefined;
}

const makeSpace = (api: RoomApi, name: string, more: JsonObject = {}): Promise<string> =>
  api.createRoom("alice", {
    name,
    preset: "public_chat",
    creation_content: { type: "m.space" },
    ...more,
  });

const makeRoom = (api: RoomApi, name: string, more: JsonObject = {}): Promise<string> =>
  api.createRoom("alice", { name, preset: "public_chat", ...more });

async function adopt(
  api: RoomApi,
  space: string,
  child: string,
  content: JsonObject = {},
): Promise<void> {
  const path = `/rooms/${space}/state/m.space.child/${encodeURIComponent(child)}`;
  const { status, text } = await api.call("alice", "PUT", path, {
    via: ["hearth.test"],
    ...content,
  });
  if (status !== 200) throw new Error(text);
}

async function hierarchy(api: RoomApi, as: string, space: string, query = ""): Promise<Page> {
  const url = `/_matrix/client/v1/rooms/${encodeURIComponent(space)}/hierarchy${query}`;
  const { status, text, json } = await api.call(as, "GET", url);
  if (status !== 200) throw new Error(text);
  const rooms = json["rooms"] as JsonObject[];
  return {
    rooms,
    names: rooms.map((room) => room["name"]),
    next: json["next_batch"] as string | undefined,
  };
}

test("a space is told depth first, its children in their order, loops broken", async () => {
  // No two events happen at the same moment: where `order` is missing, their times decide.
  let now = 1_767_225_600_000;
  await using api = await roomApi(["alice", "bob"], { wallClock: () => (now += 2) });
  const top = await makeSpace(api, "top");
  const below = await makeSpace(api, "below");
  const [one, two, three] = [
    await makeRoom(api, "1"),
    await makeRoom(api, "2"),
    await makeRoom(api, "3"),
  ];
  await adopt(api, top, two, { order: "b" });
  await adopt(api, top, three);
  await adopt(api, top, below, { order: "a" });
  await adopt(api, below, one);
  await adopt(api, below, top);
  await adopt(api, top, one, { order: "\u00e9" });
  const { names, rooms, next } = await hierarchy(api, "bob", top);
  expect(names).toEqual(["top", "below", "1", "2", "3"]);
  expect(next).toBeUndefined();
  expect(rooms[0]).toMatchObject({
    room_id: top,
    room_type: "m.space",
    join_rule: "public",
    num_joined_members: 1,
    children_state: [
      { state_key: below, content: { via: ["hearth.test"], order: "a" }, sender: userOf("alice") },
      { state_key: two },
      { state_key: three },
      { state_key: one },
    ],
  });
  expect(rooms[2]).toMatchObject({ name: "1", children_state: [] });
});

test("pages follow each other, and keep to what was asked first", async () => {
  await using api = await roomApi(["alice"]);
  const top = await makeSpace(api, "top");
  for (const name of ["a", "b", "c", "d"]) {
    await adopt(api, top, await makeRoom(api, name), { order: name });
  }
  const names: unknown[] = [];
  let from = "";
  for (let pages = 0; pages < 3; pages++) {
    const page = await hierarchy(api, "alice", top, `?limit=2${from}`);
    names.push(...page.names);
    expect(page.next === undefined).toBe(pages === 2);
    from = `&from=${page.next}`;
  }
  expect(names).toEqual(["top", "a", "b", "c", "d"]);
  const { next } = await hierarchy(api, "alice", top, "?limit=2&max_depth=1");
  for (const wrong of ["?max_depth=2&from=", "?max_depth=1&suggested_only=true&from=", "?from=x"]) {
    const asked = hierarchy(api, "alice", top, wrong + next);
    await expect(asked).rejects.toThrow("M_INVALID_PARAM");
  }
});

test("depth and suggestion narrow what is told", async () => {
  await using api = await roomApi(["alice"]);
  const top = await makeSpace(api, "top");
  const below = await makeSpace(api, "below");
  await adopt(api, top, below, { suggested: true });
  await adopt(api, top, await makeRoom(api, "1"));
  await adopt(api, below, await makeRoom(api, "2"), { suggested: true });
  const names = async (query: string): Promise<readonly unknown[]> =>
    (await hierarchy(api, "alice", top, query)).names;
  expect(await names("?max_depth=0")).toEqual(["top"]);
  expect(await names("?max_depth=1")).toEqual(["top", "below", "1"]);
  expect(await names("?suggested_only=true")).toEqual(["top", "below", "2"]);
});

test("only rooms that one is in, may join or knock at, or may read are told", async () => {
  await using api = await roomApi(["alice", "bob"]);
  const top = await makeSpace(api, "top");
  const closed = { preset: "private_chat" };
  const rule = (join_rule: string, more: JsonObject = {}): JsonObject => ({
    ...closed,
    initial_state: [{ type: "m.room.join_rules", state_key: "", content: { join_rule, ...more } }],
  });
  const allow = [{ type: "m.room_membership", room_id: top }];
  const readable = [
    {
      type: "m.room.history_visibility",
      state_key: "",
      content: { history_visibility: "world_readable" },
    },
  ];
  const rooms: readonly [name: string, body: JsonObject][] = [
    ["closed", closed],
    ["invited", { ...closed, invite: [userOf("bob")] }],
    ["knock", rule("knock")],
    ["open to read", { ...closed, initial_state: readable }],
    ["public", {}],
    ["restricted", rule("restricted", { allow })],
  ];
  for (const [name, body] of rooms) {
    await adopt(api, top, await makeRoom(api, name, body), { order: name });
  }
  const banned = await makeRoom(api, "banned");
  await api.call("alice", "POST", `/rooms/${banned}/ban`, { user_id: userOf("bob") });
  await adopt(api, top, banned, { order: "z" });
  const seen = async (): Promise<readonly unknown[]> => (await hierarchy(api, "bob", top)).names;
  expect(await seen()).toEqual(["top", "invited", "knock", "open to read", "public"]);
  await api.call("bob", "POST", `/join/${encodeURIComponent(top)}`, {});
  expect(await seen()).toEqual(["top", "invited", "knock", "open to read", "public", "restricted"]);
  const secret = await makeSpace(api, "secret", closed);
  await expect(hierarchy(api, "bob", secret)).rejects.toThrow("M_FORBIDDEN");
  await expect(hierarchy(api, "bob", "!nothing:hearth.test")).rejects.toThrow("M_FORBIDDEN");
});
