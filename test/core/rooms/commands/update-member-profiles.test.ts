import { expect, test } from "vitest";
import { updateMemberProfiles } from "../../../../core/rooms/commands/update-member-profiles.ts";
import type { RoomId } from "../../../../core/ids.ts";
import { roomApi, userOf } from "../../../support/room-api.ts";

test("a changed name reaches the rooms that the user is in, once", async () => {
  await using api = await roomApi(["alice", "bob"]);
  const space = await api.createRoom("alice", { preset: "public_chat" });
  const allow = [{ type: "m.room_membership", room_id: space }];
  const rule = { join_rule: "restricted", allow };
  const restricted = await api.createRoom("alice", {
    initial_state: [{ type: "m.room.join_rules", content: rule }],
  });
  const left = await api.createRoom("alice", { preset: "public_chat" });
  for (const room of [space, restricted, left]) {
    expect((await api.call("bob", "POST", `/rooms/${room}/join`, {})).status).toBe(200);
  }
  await api.call("bob", "POST", `/rooms/${left}/leave`, {});
  const bob = userOf("bob");
  const rename = (name: string): Promise<number> =>
    api.services.runner.run((draft, _, env) => {
      draft.setField(`user:${bob}`, "profile", "displayname", name);
      const rooms = [space, restricted, left, "!unknown" as RoomId];
      updateMemberProfiles(draft, env, { user: bob, rooms });
      return draft.records.filter(({ kind }) => kind === "event").length;
    }, undefined);
  expect(await rename("Bob")).toBe(2);
  expect(await rename("Bob")).toBe(0);
  for (const room of [space, restricted]) {
    expect((await api.state("alice", room, "m.room.member", bob)).json).toEqual({
      membership: "join",
      displayname: "Bob",
    });
  }
  expect((await api.state("alice", left, "m.room.member", bob)).json).toEqual({
    membership: "leave",
  });
});
