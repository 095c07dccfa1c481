import { describe, expect, test } from "vitest";
import { roomApi, userOf } from "../../support/room-api.ts";

const bob = userOf("bob");

describe("state of a room", () => {
  test("is set once for equal content, and read with and without an empty state key", async () => {
    await using api = await roomApi(["alice"]);
    const room = await api.createRoom("alice");
    const path = `/rooms/${room}/state/m.room.name`;
    const first = await api.call("alice", "PUT", path, { name: "a" });
    expect((await api.call("alice", "PUT", `${path}/`, { name: "a" })).json).toEqual(first.json);
    const second = await api.call("alice", "PUT", path, { name: "b" });
    expect(second.json["event_id"]).not.toBe(first.json["event_id"]);
    for (const form of [path, `${path}/`]) {
      expect((await api.call("alice", "GET", form)).json).toEqual({ name: "b" });
    }
    const event = await api.call("alice", "GET", `${path}?format=event`);
    expect(event.json).toMatchObject({
      event_id: second.json["event_id"],
      type: "m.room.name",
      state_key: "",
      sender: userOf("alice"),
      room_id: room,
    });
    const missing = await api.call("alice", "GET", `/rooms/${room}/state/org.none`);
    expect([missing.status, missing.json["errcode"]]).toEqual([404, "M_NOT_FOUND"]);
  });

  test("is the current one for members, that of leaving for former ones, nothing for others", async () => {
    await using api = await roomApi(["alice", "bob", "carol", "dave"]);
    const room = await api.createRoom("alice", { name: "before", invite: [bob, userOf("dave")] });
    await api.call("bob", "POST", `/rooms/${room}/join`, {});
    await api.call("alice", "POST", `/rooms/${room}/ban`, { user_id: bob });
    await api.call("alice", "POST", `/rooms/${room}/unban`, { user_id: bob });
    await api.call("dave", "POST", `/rooms/${room}/leave`, {});
    await api.call("alice", "PUT", `/rooms/${room}/state/m.room.name`, { name: "after" });
    expect((await api.state("alice", room, "m.room.name")).json).toEqual({ name: "after" });
    expect((await api.state("bob", room, "m.room.name")).json).toEqual({ name: "before" });
    for (const outsider of ["carol", "dave"]) {
      expect((await api.state(outsider, room, "m.room.name")).status).toBe(403);
      expect((await api.call(outsider, "GET", `/rooms/${room}/members`)).status).toBe(403);
      expect((await api.call(outsider, "GET", `/rooms/${room}/joined_members`)).status).toBe(403);
    }
    const readable = { history_visibility: "world_readable" };
    await api.call("alice", "PUT", `/rooms/${room}/state/m.room.history_visibility`, readable);
    expect((await api.state("carol", room, "m.room.name")).json).toEqual({ name: "after" });
  });

  test("members are filtered by membership, and the two filters are alternatives", async () => {
    await using api = await roomApi(["alice", "bob", "carol"]);
    const room = await api.createRoom("alice", { invite: [bob, userOf("carol")] });
    await api.call("carol", "POST", `/rooms/${room}/leave`, {});
    const members = async (query: string): Promise<unknown[]> => {
      const { json } = await api.call("alice", "GET", `/rooms/${room}/members${query}`);
      return (json["chunk"] as { state_key: string }[]).map((event) => event.state_key).toSorted();
    };
    const [alice, carol] = [userOf("alice"), userOf("carol")];
    expect(await members("")).toEqual([alice, bob, carol]);
    expect(await members("?membership=join")).toEqual([alice]);
    expect(await members("?not_membership=leave")).toEqual([alice, bob]);
    expect(await members("?membership=leave&not_membership=invite")).toEqual([alice, carol]);
    const wrong = await api.call("alice", "GET", `/rooms/${room}/members?membership=x`);
    expect([wrong.status, wrong.json["errcode"]]).toEqual([400, "M_INVALID_PARAM"]);
  });

  test("a canonical alias must be well formed and point to the room", async () => {
    await using api = await roomApi(["alice"]);
    const room = await api.createRoom("alice", { room_alias_name: "mine" });
    await api.createRoom("alice", { room_alias_name: "other" });
    const put = async (content: unknown): Promise<unknown[]> => {
      const path = `/rooms/${room}/state/m.room.canonical_alias`;
      const { status, json } = await api.call("alice", "PUT", path, content);
      return [status, json["errcode"]];
    };
    expect(await put({ alias: "mine" })).toEqual([400, "M_INVALID_PARAM"]);
    expect(await put({ alias: "#other:hearth.test" })).toEqual([400, "M_BAD_ALIAS"]);
    expect(await put({ alt_aliases: ["#none:hearth.test"] })).toEqual([400, "M_BAD_ALIAS"]);
    expect(await put({ alias: "#mine:hearth.test", alt_aliases: [] })).toEqual([200, undefined]);
  });

  test("a membership set as state follows the rules of invites", async () => {
    await using api = await roomApi(["alice", "bob"]);
    const room = await api.createRoom("alice");
    const put = async (key: string, membership: string): Promise<number> => {
      const path = `/rooms/${room}/state/m.room.member/${encodeURIComponent(key)}`;
      return (await api.call("alice", "PUT", path, { membership })).status;
    };
    expect(await put("@nobody:hearth.test", "invite")).toBe(404);
    expect(await put("bob", "invite")).toBe(400);
    expect(await put(bob, "invite")).toBe(200);
    expect(await put(bob, "join")).toBe(403);
    expect(await put(bob, "leave")).toBe(200);
  });
});
