import { describe, expect, test } from "vitest";
import { ROOM_VERSIONS } from "../../../core/room-version/table.ts";
import { roomApi, userOf } from "../../support/room-api.ts";
import type { RoomApi } from "../../support/room-api.ts";

const bob = userOf("bob");

async function failure(api: RoomApi, body: unknown): Promise<[number, unknown]> {
  const { status, json } = await api.call("alice", "POST", "/createRoom", body);
  return [status, json["errcode"]];
}

describe("createRoom", () => {
  test("opens a private room of the default version", async () => {
    await using api = await roomApi(["alice"]);
    const room = await api.createRoom("alice", { name: "Kitchen", topic: "Food" });
    const answer = await api.call("alice", "GET", `/rooms/${room}/state`);
    const types = (answer.json as unknown as { type: string }[]).map(({ type }) => type);
    expect(types.toSorted()).toEqual([
      "m.room.create",
      "m.room.guest_access",
      "m.room.history_visibility",
      "m.room.join_rules",
      "m.room.member",
      "m.room.name",
      "m.room.power_levels",
      "m.room.topic",
    ]);
    expect((await api.state("alice", room, "m.room.create")).json).toEqual({ room_version: "12" });
    expect((await api.state("alice", room, "m.room.topic")).json).toEqual({
      topic: "Food",
      "m.topic": { "m.text": [{ body: "Food", mimetype: "text/plain" }] },
    });
    const levels = await api.state("alice", room, "m.room.power_levels");
    expect(levels.json["users"]).toEqual({});
    expect(levels.json["events"]).toMatchObject({ "m.room.tombstone": 150 });
    expect((await api.state("alice", room, "m.room.member", userOf("alice"))).json).toEqual({
      membership: "join",
    });
  });

  test.each([
    ["private_chat", "invite", "can_join"],
    ["trusted_private_chat", "invite", "can_join"],
    ["public_chat", "public", "forbidden"],
  ])("the preset %s sets the rules of joining", async (preset, rule, guests) => {
    await using api = await roomApi(["alice"]);
    const room = await api.createRoom("alice", { preset });
    expect((await api.state("alice", room, "m.room.join_rules")).json["join_rule"]).toBe(rule);
    expect((await api.state("alice", room, "m.room.guest_access")).json["guest_access"]).toBe(
      guests,
    );
    const visibility = await api.state("alice", room, "m.room.history_visibility");
    expect(visibility.json["history_visibility"]).toBe("shared");
  });

  test("public visibility without a preset makes a public room in the directory", async () => {
    await using api = await roomApi(["alice"]);
    const room = await api.createRoom("alice", { visibility: "public" });
    expect((await api.state("alice", room, "m.room.join_rules")).json["join_rule"]).toBe("public");
    const listed = await api.call("alice", "GET", `/directory/list/room/${room}`);
    expect(listed.json).toEqual({ visibility: "public" });
  });

  test("invitees of a trusted chat are creators since version 12 and administrators before", async () => {
    await using api = await roomApi(["alice", "bob", "carol"]);
    const body = { preset: "trusted_private_chat", invite: [bob], is_direct: true };
    const creation = { additional_creators: [userOf("carol"), bob] };
    const newer = await api.createRoom("alice", { ...body, creation_content: creation });
    const create = await api.state("alice", newer, "m.room.create");
    expect(create.json["additional_creators"]).toEqual([userOf("carol"), bob]);
    const older = await api.createRoom("alice", { ...body, room_version: "11" });
    const levels = await api.state("alice", older, "m.room.power_levels");
    expect(levels.json["users"]).toEqual({ [userOf("alice")]: 100, [bob]: 100 });
    expect((await api.state("alice", older, "m.room.member", bob)).json).toEqual({
      membership: "invite",
      is_direct: true,
    });
  });

  test("names the creator in version 10 and not since, whatever the client says", async () => {
    await using api = await roomApi(["alice"]);
    const creation_content = { creator: bob, room_version: "1", "m.federate": false, type: "x.y" };
    const shared = { "m.federate": false, type: "x.y" };
    const old = await api.createRoom("alice", { room_version: "10", creation_content });
    expect((await api.state("alice", old, "m.room.create")).json).toEqual({
      ...shared,
      room_version: "10",
      creator: userOf("alice"),
    });
    const newer = await api.createRoom("alice", { room_version: "11", creation_content });
    expect((await api.state("alice", newer, "m.room.create")).json).toEqual({
      ...shared,
      room_version: "11",
    });
  });

  test("initial state wins over the preset, name and topic win over initial state", async () => {
    await using api = await roomApi(["alice"]);
    const room = await api.createRoom("alice", {
      preset: "public_chat",
      name: "Kept",
      initial_state: [
        { type: "m.room.join_rules", content: { join_rule: "knock" } },
        { type: "m.room.name", state_key: "", content: { name: "Lost" } },
        { type: "org.example", state_key: "k", content: { a: 1 } },
      ],
    });
    expect((await api.state("alice", room, "m.room.join_rules")).json["join_rule"]).toBe("knock");
    expect((await api.state("alice", room, "m.room.name")).json["name"]).toBe("Kept");
    expect((await api.state("alice", room, "org.example", "k")).json).toEqual({ a: 1 });
  });

  test("an alias is claimed, canonical, and taken for everybody else", async () => {
    await using api = await roomApi(["alice", "bob"]);
    const room = await api.createRoom("alice", { room_alias_name: "home" });
    expect((await api.state("alice", room, "m.room.canonical_alias")).json).toEqual({
      alias: "#home:hearth.test",
    });
    expect(await failure(api, { room_alias_name: "home" })).toEqual([400, "M_ROOM_IN_USE"]);
    expect(await failure(api, { room_alias_name: "a:b" })).toEqual([400, "M_INVALID_PARAM"]);
  });

  test("a room that cannot be made leaves its alias free", async () => {
    await using api = await roomApi(["alice", "bob"]);
    const broken = { users: { "@alice:hearth.test": 0 }, state_default: 50 };
    const body = { room_alias_name: "home", room_version: "11", name: "x" };
    expect(await failure(api, { ...body, power_level_content_override: broken })).toEqual([
      400,
      "M_INVALID_ROOM_STATE",
    ]);
    const again = await api.call("bob", "POST", "/createRoom", body);
    expect(again.status).toBe(200);
  });

  test("says what is wrong", async () => {
    await using api = await roomApi(["alice", "bob"]);
    expect(await failure(api, { room_version: "99" })).toEqual([400, "M_UNSUPPORTED_ROOM_VERSION"]);
    expect(await failure(api, { preset: "nonsense" })).toEqual([400, "M_BAD_JSON"]);
    expect(await failure(api, { invite: ["@nobody:hearth.test"] })).toEqual([404, "M_NOT_FOUND"]);
    expect(await failure(api, { invite: ["@far:elsewhere.test"] })).toEqual([403, "M_FORBIDDEN"]);
    expect(await failure(api, { invite: ["@bad"] })).toEqual([400, "M_INVALID_PARAM"]);
    const creation_content = { additional_creators: ["bob"] };
    expect(await failure(api, { creation_content })).toEqual([400, "M_INVALID_PARAM"]);
    const thirdParty = { id_server: "x", id_access_token: "x", medium: "email", address: "a@b" };
    expect(await failure(api, { invite_3pid: [thirdParty] })).toEqual([403, "M_FORBIDDEN"]);
    const initial_state = [{ type: "m.room.create", content: {} }];
    expect(await failure(api, { initial_state })).toEqual([400, "M_INVALID_ROOM_STATE"]);
  });

  test("a user who blocks invites is not invited", async () => {
    await using api = await roomApi(["alice", "bob"]);
    await api.services.runner.run((draft) => {
      draft.setField(`user:${bob}`, "account_data", "m.invite_permission_config", {
        default_action: "block",
      });
    }, undefined);
    expect(await failure(api, { invite: [bob] })).toEqual([403, "M_INVITE_BLOCKED"]);
  });

  test.each([...ROOM_VERSIONS.keys()])("opens rooms of version %s", async (room_version) => {
    await using api = await roomApi(["alice", "bob"]);
    const room = await api.createRoom("alice", { room_version, name: "x", preset: "public_chat" });
    expect((await api.call("bob", "POST", `/rooms/${room}/join`, {})).status).toBe(200);
    const path = `/rooms/${room}/send/m.room.message/t1`;
    expect((await api.call("bob", "PUT", path, { body: "hi" })).status).toBe(200);
  });

  test("equal requests within one millisecond are different rooms", async () => {
    await using api = await roomApi(["alice"], { wallClock: () => 1_800_000_000_000 });
    const rooms = [await api.createRoom("alice"), await api.createRoom("alice")];
    expect(new Set(rooms).size).toBe(2);
  });
});
