import { expect, test } from "vitest";
import { ruleContent } from "../../../core/auth/rule-content.ts";
import { redact } from "../../../core/event/redact.ts";
import type { JsonObject } from "../../../core/json.ts";
import { roomVersion } from "../../../core/room-version/table.ts";
import { RoomBuilder } from "../../support/room-builder.ts";
import { ALICE } from "../state-res/support.ts";

function lostIn(version: string, type: string, content: JsonObject): JsonObject | undefined {
  const room = new RoomBuilder({ version, creator: ALICE });
  room.join(ALICE);
  const event = room.build({ sender: ALICE, type, stateKey: "", content });
  return ruleContent(roomVersion(version), event);
}

test("what redaction keeps is not kept again", () => {
  expect(lostIn("12", "m.room.power_levels", { users: {}, invite: 50, "org.example": 1 })).toBe(
    undefined,
  );
  expect(lostIn("1", "m.room.join_rules", { join_rule: "public" })).toBeUndefined();
  expect(lostIn("12", "m.room.create", { "m.federate": false })).toBeUndefined();
});

test("what the rules read and redaction takes is kept, beside what it leaves", () => {
  expect(lostIn("10", "m.room.power_levels", { users: {}, invite: 50, "org.example": 1 })).toEqual({
    users: {},
    invite: 50,
  });
  expect(lostIn("12", "m.room.power_levels", { notifications: { room: 1 } })).toEqual({
    notifications: { room: 1 },
  });
  expect(lostIn("10", "m.room.create", { creator: ALICE, "m.federate": false, x: 1 })).toEqual({
    creator: ALICE,
    "m.federate": false,
  });
  const join = { membership: "join", join_authorised_via_users_server: ALICE, displayname: "A" };
  expect(lostIn("8", "m.room.member", join)).toEqual({
    membership: "join",
    join_authorised_via_users_server: ALICE,
  });
  expect(lostIn("9", "m.room.member", join)).toBeUndefined();
});

test("of a third-party invite the signed part is kept, without whom it names", () => {
  const signed = { mxid: ALICE, token: "t", signatures: {} };
  const invite = { membership: "invite", third_party_invite: { display_name: "A", signed } };
  expect(lostIn("10", "m.room.member", invite)).toEqual({
    membership: "invite",
    third_party_invite: { signed },
  });
  expect(lostIn("11", "m.room.member", invite)).toBeUndefined();
  const offer = { display_name: "A", public_key: "k", public_keys: [{ public_key: "k" }] };
  expect(lostIn("12", "m.room.third_party_invite", offer)).toEqual({
    public_key: "k",
    public_keys: [{ public_key: "k" }],
  });
});

test("events that are no state and types that the rules do not read lose nothing", () => {
  expect(lostIn("12", "m.room.topic", { topic: "x" })).toBeUndefined();
  const room = new RoomBuilder({ creator: ALICE });
  room.join(ALICE);
  const content = { membership: "join", join_authorised_via_users_server: ALICE };
  const message = room.build({ sender: ALICE, type: "m.room.member", content });
  expect(ruleContent(room.version, message)).toBeUndefined();
  expect(redact(room.version, message).content).toEqual(content);
});
