import { expect, test } from "vitest";
import { fields } from "../../../core/tables.ts";
import type { RoomId } from "../../../core/ids.ts";
import { roomApi, userOf } from "../../support/room-api.ts";

const [alice, bob, carol] = [userOf("alice"), userOf("bob"), userOf("carol")];

test.each([
  ["10", "11", { [alice]: 100, [bob]: 50 }],
  ["10", "12", { [bob]: 50 }],
  // A creator had the power to do what takes 150.
  ["12", "11", { [alice]: 150, [bob]: 50 }],
  ["12", "12", { [bob]: 50 }],
])("an upgrade from %s to %s takes state, names and levels along", async (from, to, powers) => {
  await using api = await roomApi(["alice", "bob", "carol"]);
  const old = await api.createRoom("alice", {
    room_version: from,
    preset: "public_chat",
    visibility: "public",
    name: "Den",
    topic: "Bears",
    room_alias_name: "den",
    creation_content: { type: "x.y" },
    initial_state: [{ type: "m.room.encryption", content: { algorithm: "m.megolm.v1.aes-sha2" } }],
  });
  await api.call("bob", "POST", `/rooms/${old}/join`, {});
  const levels = (await api.state("alice", old, "m.room.power_levels")).json;
  const users = { ...(levels["users"] as object), [bob]: 50 };
  const promoted = { ...levels, users, kick: 20 };
  await api.call("alice", "PUT", `/rooms/${old}/state/m.room.power_levels`, promoted);
  const upgraded = await api.call("alice", "POST", `/rooms/${old}/upgrade`, {
    new_version: to,
    additional_creators: [carol],
  });
  expect(upgraded.status).toBe(200);
  const room = upgraded.json["replacement_room"] as RoomId;
  const create = (await api.state("alice", room, "m.room.create")).json;
  expect(create).toMatchObject({ room_version: to, type: "x.y", predecessor: { room_id: old } });
  expect(create["additional_creators"]).toEqual(to === "12" ? [carol] : undefined);
  for (const type of ["name", "topic", "encryption", "join_rules", "canonical_alias"]) {
    const expected = await api.state("alice", old, `m.room.${type}`);
    const actual = await api.state("alice", room, `m.room.${type}`);
    const moved = { alias: "#den:hearth.test" };
    expect(actual.json).toEqual(type === "canonical_alias" ? moved : expected.json);
  }
  const after = (await api.state("alice", room, "m.room.power_levels")).json;
  expect(after).toMatchObject({ kick: 20 });
  expect(after["users"]).toEqual(powers);
  expect((await api.state("alice", old, "m.room.tombstone")).json).toMatchObject({
    replacement_room: room,
  });
  const closed = (await api.state("alice", old, "m.room.power_levels")).json;
  expect(closed).toMatchObject({ events_default: 50, invite: 50, kick: 20 });
  expect((await api.state("alice", room, "m.room.member", bob)).status).toBe(404);
  const alias = encodeURIComponent("#den:hearth.test");
  expect((await api.call("bob", "GET", `/directory/room/${alias}`)).json["room_id"]).toBe(room);
  const listed = (await api.call("bob", "GET", "/publicRooms")).json["chunk"];
  expect((listed as { room_id: string }[]).map((entry) => entry.room_id)).toEqual([room]);
});

test("only those who may send the tombstone upgrade a room, to a version that exists", async () => {
  await using api = await roomApi(["alice", "bob"]);
  const room = await api.createRoom("alice", { preset: "public_chat" });
  await api.call("bob", "POST", `/rooms/${room}/join`, {});
  const refused = await api.call("bob", "POST", `/rooms/${room}/upgrade`, { new_version: "12" });
  expect([refused.status, refused.json["errcode"]]).toEqual([403, "M_FORBIDDEN"]);
  const unknown = await api.call("alice", "POST", `/rooms/${room}/upgrade`, { new_version: "x" });
  expect([unknown.status, unknown.json["errcode"]]).toEqual([400, "M_UNSUPPORTED_ROOM_VERSION"]);
  expect((await api.state("alice", room, "m.room.tombstone")).status).toBe(404);
});

test("the tags of the old room are on the new one once its user joins", async () => {
  await using api = await roomApi(["alice", "bob"]);
  const old = await api.createRoom("alice", { preset: "public_chat" });
  await api.call("bob", "POST", `/rooms/${old}/join`, {});
  await api.services.runner.run((draft) => {
    draft.setField(`user:${userOf("bob")}`, "tags", `${old}\u001fm.favourite`, { order: 0 });
  }, undefined);
  const upgraded = await api.call("alice", "POST", `/rooms/${old}/upgrade`, { new_version: "12" });
  const room = upgraded.json["replacement_room"] as RoomId;
  await api.call("bob", "POST", `/rooms/${room}/join`, {});
  const { reader } = api.services;
  expect(reader.get(fields, [`user:${userOf("bob")}`, "tags", `${room}\u001fm.favourite`])).toEqual(
    { order: 0 },
  );
});
