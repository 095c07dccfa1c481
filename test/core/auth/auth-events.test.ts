import { describe, expect, test } from "vitest";
import { authEventsFor, checkAuthEvents } from "../../../core/auth/auth-events.ts";
import { authorise } from "../../../core/auth/authorise.ts";
import { stateKeyOf } from "../../../core/event/state-key.ts";
import type { EventId, RoomId, UserId } from "../../../core/ids.ts";
import type { JsonObject } from "../../../core/json.ts";
import { roomVersion } from "../../../core/room-version/table.ts";
import { RoomBuilder } from "../../support/room-builder.ts";
import {
  ALICE,
  ALL,
  BOB,
  CAROL,
  expectRefused,
  MOD,
  publicRoom,
  since,
  STRANGER,
  until,
} from "./support.ts";

const CREATE = ["m.room.create", ""];
const POWER = ["m.room.power_levels", ""];
const RULES = ["m.room.join_rules", ""];
const member = (user: string): string[] => ["m.room.member", user];

function select(version: string, content: JsonObject, target = CAROL): [string, string][] {
  return authEventsFor(roomVersion(version), {
    type: "m.room.member",
    sender: BOB as UserId,
    state_key: target,
    content,
  });
}

describe("the selection of auth events", () => {
  test.each(ALL)("is empty for the create event of room version %s", (version) => {
    const create = { type: "m.room.create", sender: ALICE as UserId, state_key: "", content: {} };
    expect(authEventsFor(roomVersion(version), create)).toEqual([]);
  });

  test("holds create, power levels and the sender, and no create event in room version 12", () => {
    const message = { type: "m.room.message", sender: BOB as UserId, content: {} };
    expect(authEventsFor(roomVersion("11"), message)).toEqual([CREATE, POWER, member(BOB)]);
    expect(authEventsFor(roomVersion("12"), message)).toEqual([POWER, member(BOB)]);
  });

  test.each([
    ["join", [member(BOB), member(CAROL), RULES]],
    ["invite", [member(BOB), member(CAROL), RULES]],
    ["knock", [member(BOB), member(CAROL), RULES]],
    ["leave", [member(BOB), member(CAROL)]],
    ["ban", [member(BOB), member(CAROL)]],
  ])("for %s", (membership, expected) => {
    expect(select("12", { membership })).toEqual([POWER, ...expected]);
  });

  test("names a user once who is sender, target and authoriser", () => {
    const content = { membership: "join", join_authorised_via_users_server: BOB };
    expect(select("12", content, BOB)).toEqual([POWER, member(BOB), RULES]);
  });

  test("holds the third-party invitation that an invite answers", () => {
    const third_party_invite = { signed: { token: "t" } };
    const invitation = ["m.room.third_party_invite", "t"];
    expect(select("12", { membership: "invite", third_party_invite })).toContainEqual(invitation);
    expect(select("12", { membership: "join", third_party_invite })).not.toContainEqual(invitation);
  });

  test("holds the user who authorised a join, where restricted joins exist", () => {
    const content = { membership: "join", join_authorised_via_users_server: MOD };
    expect(select("8", content)).toContainEqual(member(MOD));
    expect(select("7", content)).not.toContainEqual(member(MOD));
    expect(select("8", { ...content, membership: "leave" })).not.toContainEqual(member(MOD));
  });
});

describe.each(ALL)("the auth events of an event of room version %s", (version) => {
  const idOf = (room: RoomBuilder, type: string, stateKey = ""): EventId =>
    room.state.get(stateKeyOf(type, stateKey)) as EventId;
  const cite = (room: RoomBuilder, ...more: EventId[]): EventId[] => [
    ...(room.version.roomIdIsCreateHash ? [] : [room.createId]),
    idOf(room, "m.room.power_levels"),
    idOf(room, "m.room.member", BOB),
    ...more,
  ];
  const message = (room: RoomBuilder, auth: EventId[]): (() => unknown) => {
    return () => room.send({ sender: BOB, type: "m.room.message", auth });
  };

  test("are enough to allow it", () => {
    const room = publicRoom(version);
    expect(message(room, cite(room))).not.toThrow();
  });

  test("must not name one key twice", () => {
    const room = publicRoom(version);
    const before = idOf(room, "m.room.member", BOB);
    room.join(BOB);
    expectRefused(message(room, cite(room, before)), "twice or without need");
  });

  test("must not hold what is not selected", () => {
    const room = publicRoom(version);
    expectRefused(message(room, cite(room, idOf(room, "m.room.join_rules"))), "without need");
    expectRefused(message(room, cite(room, idOf(room, "m.room.member", CAROL))), "without need");
    const text = room.message(BOB);
    expectRefused(message(room, cite(room, text)), "without need");
  });

  test("must not hold a rejected event", () => {
    const room = publicRoom(version);
    const forged = room.send(
      {
        sender: BOB,
        type: "m.room.power_levels",
        stateKey: "",
        content: { users: { [BOB]: 100 } },
      },
      { unchecked: true },
    );
    const auth = cite(room).map((id) => (id === idOf(room, "m.room.power_levels") ? forged : id));
    expectRefused(message(room, auth), "rejected m.room.power_levels");
  });

  test("must not be of another room", () => {
    const room = publicRoom(version);
    const other = new RoomBuilder({ version, creator: BOB });
    other.join(BOB);
    const event = room.build({ sender: BOB, type: "m.room.message" });
    const foreign = {
      ...event,
      auth_events: other.build({ sender: BOB, type: "m.room.message" }).auth_events,
    };
    expect(foreign.auth_events.length).toBeGreaterThan(0);
    const lookUp = (id: EventId) => other.lookUp(id) ?? room.lookUp(id);
    expectRefused(() => checkAuthEvents(room.version, foreign, lookUp), "another room");
  });

  test("must show that the sender is in the room", () => {
    const room = publicRoom(version);
    const auth = cite(room).slice(0, -1);
    expectRefused(message(room, auth), "not in the room");
  });

  test("must all be there before they are checked", () => {
    const room = publicRoom(version);
    const event = room.build({ sender: BOB, type: "m.room.message" });
    expect(() => checkAuthEvents(room.version, event, () => undefined)).toThrow("is missing");
  });

  test("of a create event are none", () => {
    const room = publicRoom(version);
    const create = { ...room.get(room.createId), auth_events: cite(room).slice(-1) };
    expectRefused(() => checkAuthEvents(room.version, create, room.lookUp), "without need");
  });
});

test.each(until(11))("an event that cites no create event is refused in version %s", (version) => {
  const room = publicRoom(version);
  const event = room.build({ sender: BOB, type: "m.room.message" });
  const without = { ...event, auth_events: event.auth_events.slice(1) } as typeof event;
  const state = checkAuthEvents(room.version, without, room.lookUp);
  expectRefused(() => authorise(room.version, without, state), "no create event");
});

describe.each(since(12))(
  "in room version %s, where the room ID names the create event",
  (version) => {
    test("citing the create event is refused", () => {
      const room = publicRoom(version);
      expectRefused(
        () => room.send({ sender: BOB, type: "m.room.message", auth: [room.createId] }),
        "m.room.create twice or without need",
      );
    });

    test("a room ID that is another event's is refused", () => {
      const room = publicRoom(version);
      const event = room.build({ sender: BOB, type: "m.room.message" });
      const topic = room.topic(ALICE, "x");
      const moved = { ...event, auth_events: [], room_id: `!${topic.slice(1)}` as RoomId };
      expectRefused(
        () => checkAuthEvents(room.version, moved, room.lookUp),
        "not that of an accepted",
      );
    });

    test("a room whose create event was rejected is refused", () => {
      const room = publicRoom(version);
      const event = room.build({ sender: STRANGER, type: "m.room.message" });
      room.rejected.add(room.createId);
      expectRefused(
        () => checkAuthEvents(room.version, event, room.lookUp),
        "not that of an accepted",
      );
    });
  },
);
