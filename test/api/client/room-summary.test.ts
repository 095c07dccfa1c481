import { expect, test } from "vitest";
import { clientEndpoints } from "../../../api/client/index.ts";
import { roomApi, userOf } from "../../support/room-api.ts";
import { testApi } from "../../support/test-api.ts";

test("shows open rooms to anybody and closed ones to those concerned", async () => {
  await using api = await roomApi(["alice", "bob", "carol"]);
  await using web = await testApi({ services: api.services, endpoints: clientEndpoints });
  const open = await api.createRoom("alice", { preset: "public_chat", room_alias_name: "den" });
  const allow = [{ type: "m.room_membership", room_id: open }];
  const restricted = await api.createRoom("alice", {
    initial_state: [
      { type: "m.room.join_rules", content: { join_rule: "restricted", allow } },
      { type: "m.room.encryption", content: { algorithm: "m.megolm.v1.aes-sha2" } },
    ],
    invite: [userOf("carol")],
  });
  const summary = (room: string, as?: string) =>
    web.request(
      "GET",
      `/_matrix/client/v1/room_summary/${encodeURIComponent(room)}`,
      as ? { as } : {},
    );
  expect((await summary("#den:hearth.test")).json).toEqual({
    room_id: open,
    canonical_alias: "#den:hearth.test",
    num_joined_members: 1,
    world_readable: false,
    guest_can_join: false,
    join_rule: "public",
    room_version: "12",
  });
  expect((await summary(restricted)).status).toBe(404);
  expect((await summary(restricted, "bob")).status).toBe(404);
  expect((await summary(restricted, "carol")).json).toMatchObject({ membership: "invite" });
  await api.call("bob", "POST", `/rooms/${open}/join`, {});
  expect((await summary(restricted, "bob")).json).toMatchObject({
    membership: "leave",
    join_rule: "restricted",
    allowed_room_ids: [open],
    encryption: "m.megolm.v1.aes-sha2",
  });
});
