import { describe, expect, test } from "vitest";
import { roomApi, userOf } from "../../support/room-api.ts";
import type { RoomApi } from "../../support/room-api.ts";

const [alice, bob, carol] = [userOf("alice"), userOf("bob"), userOf("carol")];

async function membership(api: RoomApi, room: string, user: string): Promise<unknown> {
  const answer = await api.state("alice", room as never, "m.room.member", user);
  return answer.json["membership"];
}

describe("inviting, joining and leaving", () => {
  test("an invited user joins, leaves and is remembered in joined_rooms only meanwhile", async () => {
    await using api = await roomApi(["alice", "bob"]);
    const room = await api.createRoom("alice");
    const refused = await api.call("bob", "POST", `/rooms/${room}/join`, {});
    expect([refused.status, refused.json["errcode"]]).toEqual([403, "M_FORBIDDEN"]);
    const invite = { user_id: bob, reason: "come in" };
    expect((await api.call("alice", "POST", `/rooms/${room}/invite`, invite)).status).toBe(200);
    expect((await api.state("alice", room, "m.room.member", bob)).json).toEqual({
      membership: "invite",
      reason: "come in",
    });
    const joined = await api.call("bob", "POST", `/join/${encodeURIComponent(room)}`, {});
    expect(joined.json).toEqual({ room_id: room });
    expect((await api.call("bob", "GET", "/joined_rooms")).json).toEqual({ joined_rooms: [room] });
    expect((await api.call("bob", "POST", `/rooms/${room}/leave`)).status).toBe(200);
    expect((await api.call("bob", "POST", `/rooms/${room}/leave`, {})).status).toBe(200);
    expect((await api.call("bob", "GET", "/joined_rooms")).json).toEqual({ joined_rooms: [] });
    expect(await membership(api, room, bob)).toBe("leave");
  });

  test("the profile is in the member event of a join", async () => {
    await using api = await roomApi(["alice", "bob"]);
    await api.services.runner.run((draft) => {
      draft.setField(`user:${userOf("bob")}`, "profile", "displayname", "Bob");
      draft.setField(`user:${userOf("bob")}`, "profile", "avatar_url", "mxc://hearth.test/a");
    }, undefined);
    const room = await api.createRoom("alice", { preset: "public_chat" });
    await api.call("bob", "POST", `/rooms/${room}/join`, { reason: "hi" });
    expect((await api.state("bob", room, "m.room.member", bob)).json).toEqual({
      membership: "join",
      displayname: "Bob",
      avatar_url: "mxc://hearth.test/a",
      reason: "hi",
    });
    const members = await api.call("alice", "GET", `/rooms/${room}/joined_members`);
    expect(members.json["joined"]).toEqual({
      [alice]: {},
      [bob]: { display_name: "Bob", avatar_url: "mxc://hearth.test/a" },
    });
  });

  test("joining twice is one event, and an unknown room or alias is 404", async () => {
    await using api = await roomApi(["alice"]);
    const room = await api.createRoom("alice");
    const path = `/rooms/${room}/state/m.room.member/${encodeURIComponent(alice)}?format=event`;
    const before = await api.call("alice", "GET", path);
    expect((await api.call("alice", "POST", `/rooms/${room}/join`, {})).status).toBe(200);
    const after = await api.call("alice", "GET", path);
    expect(after.json["event_id"]).toBe(before.json["event_id"]);
    for (const name of ["!nowhere:hearth.test", "#no:hearth.test", "#x:other.test"]) {
      const answer = await api.call("alice", "POST", `/join/${encodeURIComponent(name)}`, {});
      expect([answer.status, answer.json["errcode"]]).toEqual([404, "M_NOT_FOUND"]);
    }
  });

  test("a third-party invite and a signed join are refused clearly", async () => {
    await using api = await roomApi(["alice"]);
    const room = await api.createRoom("alice");
    const thirdParty = { id_server: "x", id_access_token: "x", medium: "email", address: "a@b" };
    const invite = await api.call("alice", "POST", `/rooms/${room}/invite`, thirdParty);
    expect([invite.status, invite.json["errcode"]]).toEqual([403, "M_FORBIDDEN"]);
    const signed = { mxid: alice, sender: bob, signatures: {}, token: "x" };
    const join = await api.call("alice", "POST", `/rooms/${room}/join`, {
      third_party_signed: signed,
    });
    expect([join.status, join.json["errcode"]]).toEqual([403, "M_FORBIDDEN"]);
  });
});

describe("kicking and banning", () => {
  test("moderators may, members may not, and the wrong membership is an error", async () => {
    await using api = await roomApi(["alice", "bob", "carol"]);
    const room = await api.createRoom("alice", { preset: "public_chat" });
    await api.call("bob", "POST", `/rooms/${room}/join`, {});
    const act = async (as: string, verb: string, user_id: string): Promise<unknown[]> => {
      const { status, json } = await api.call(as, "POST", `/rooms/${room}/${verb}`, { user_id });
      return [status, json["errcode"]];
    };
    expect(await act("bob", "kick", alice)).toEqual([403, "M_FORBIDDEN"]);
    expect(await act("alice", "kick", carol)).toEqual([403, "M_FORBIDDEN"]);
    expect(await act("alice", "kick", bob)).toEqual([200, undefined]);
    expect(await membership(api, room, bob)).toBe("leave");
    expect(await act("alice", "unban", bob)).toEqual([403, "M_BAD_STATE"]);
    expect(await act("alice", "ban", bob)).toEqual([200, undefined]);
    expect(await act("alice", "kick", bob)).toEqual([403, "M_FORBIDDEN"]);
    expect(await membership(api, room, bob)).toBe("ban");
    expect((await api.call("bob", "POST", `/rooms/${room}/join`, {})).status).toBe(403);
    expect(await act("alice", "invite", bob)).toEqual([403, "M_FORBIDDEN"]);
    expect(await act("alice", "unban", bob)).toEqual([200, undefined]);
    expect((await api.call("bob", "POST", `/rooms/${room}/join`, {})).status).toBe(200);
  });

  test("a room that nobody knows is forbidden, not missing", async () => {
    await using api = await roomApi(["alice"]);
    const answer = await api.call("alice", "POST", "/rooms/!x:hearth.test/ban", { user_id: bob });
    expect([answer.status, answer.json["errcode"]]).toEqual([403, "M_FORBIDDEN"]);
  });
});

describe("knocking", () => {
  test("a knock is answered by an invite, and only where the room is set up for it", async () => {
    await using api = await roomApi(["alice", "bob"]);
    const closed = await api.createRoom("alice");
    expect((await api.call("bob", "POST", `/knock/${closed}`, {})).status).toBe(403);
    const room = await api.createRoom("alice", {
      initial_state: [{ type: "m.room.join_rules", content: { join_rule: "knock" } }],
    });
    const knocked = await api.call("bob", "POST", `/knock/${room}`, { reason: "please" });
    expect(knocked.json).toEqual({ room_id: room });
    expect(await membership(api, room, bob)).toBe("knock");
    await api.call("alice", "POST", `/rooms/${room}/invite`, { user_id: bob });
    expect((await api.call("bob", "POST", `/rooms/${room}/join`, {})).status).toBe(200);
  });
});

describe("restricted rooms", () => {
  test("let members of the named room in, in the name of one who may invite", async () => {
    await using api = await roomApi(["alice", "bob", "carol"]);
    const space = await api.createRoom("alice", { preset: "public_chat" });
    const allow = [{ type: "m.room_membership", room_id: space }];
    const content = { join_rule: "restricted", allow };
    for (const room_version of ["10", "12"]) {
      const room = await api.createRoom("alice", {
        room_version,
        initial_state: [{ type: "m.room.join_rules", content }],
      });
      expect((await api.call("carol", "POST", `/rooms/${room}/join`, {})).status).toBe(403);
      await api.call("bob", "POST", `/rooms/${space}/join`, {});
      expect((await api.call("bob", "POST", `/rooms/${room}/join`, {})).status).toBe(200);
      const member = await api.state("bob", room, "m.room.member", bob);
      expect(member.json["join_authorised_via_users_server"]).toBe(alice);
    }
  });
});

describe("forgetting", () => {
  test("is for rooms that were left, ends reading, and a new invite undoes it", async () => {
    await using api = await roomApi(["alice", "bob"]);
    const room = await api.createRoom("alice", { invite: [bob] });
    await api.call("bob", "POST", `/rooms/${room}/join`, {});
    const early = await api.call("bob", "POST", `/rooms/${room}/forget`, {});
    expect([early.status, early.json["errcode"]]).toEqual([400, "M_UNKNOWN"]);
    await api.call("bob", "POST", `/rooms/${room}/leave`, {});
    expect((await api.call("bob", "GET", `/rooms/${room}/state`)).status).toBe(200);
    expect((await api.call("bob", "POST", `/rooms/${room}/forget`)).status).toBe(200);
    expect((await api.call("bob", "GET", `/rooms/${room}/state`)).status).toBe(403);
    await api.call("alice", "POST", `/rooms/${room}/invite`, { user_id: bob });
    await api.call("bob", "POST", `/rooms/${room}/join`, {});
    expect((await api.call("bob", "GET", `/rooms/${room}/state`)).status).toBe(200);
  });
});
