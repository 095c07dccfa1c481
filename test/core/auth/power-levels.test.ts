import { describe, expect, test } from "vitest";
import type { JsonObject } from "../../../core/json.ts";
import { RoomBuilder } from "../../support/room-builder.ts";
import {
  ADMIN,
  ALICE,
  ALL,
  BOB,
  CAROL,
  expectRefused,
  levels,
  MOD,
  publicRoom,
  since,
  until,
} from "./support.ts";

const NAMED = [
  "users_default",
  "events_default",
  "state_default",
  "ban",
  "redact",
  "kick",
  "invite",
];

/** Mod, at 50, may send power levels in this room. */
function roomForMod(version: string, content: JsonObject = {}): RoomBuilder {
  return publicRoom(version, {
    ...content,
    events: { "m.room.power_levels": 50, ...events(content) },
  });
}

function events(content: JsonObject): JsonObject {
  return (content["events"] ?? {}) as JsonObject;
}

/** The same levels with these changes. */
function changed(version: string, content: JsonObject): JsonObject {
  return levels(version, { ...content, events: { "m.room.power_levels": 50, ...events(content) } });
}

describe.each(ALL)("changing power levels in room version %s", (version) => {
  test("needs the power to send the event", () => {
    const room = publicRoom(version);
    expectRefused(() => room.powerLevels(BOB, levels(version)), "lacks the power to send");
    room.powerLevels(ADMIN, levels(version));
  });

  test.each(NAMED)("%s: only up to one's own level, and only from there", (name) => {
    const room = roomForMod(version);
    room.powerLevels(MOD, changed(version, { [name]: 50 }));
    expectRefused(() => room.powerLevels(MOD, changed(version, { [name]: 51 })), name);
    const high = roomForMod(version, { [name]: 51, events: { "m.room.power_levels": 50 } });
    expectRefused(() => high.powerLevels(MOD, changed(version, { [name]: 50 })), name);
    expectRefused(() => high.powerLevels(MOD, changed(version, {})), name);
    high.powerLevels(MOD, changed(version, { [name]: 51 }));
  });

  test("events: only up to one's own level, and only from there", () => {
    const room = roomForMod(version);
    room.powerLevels(MOD, changed(version, { events: { x: 50 } }));
    expectRefused(() => room.powerLevels(MOD, changed(version, { events: { x: 51 } })), "events x");
    const high = roomForMod(version, { events: { x: 51 } });
    expectRefused(() => high.powerLevels(MOD, changed(version, { events: { x: 50 } })), "events x");
    expectRefused(() => high.powerLevels(MOD, changed(version, {})), "events x");
  });

  test("users: raised up to one's own level, lowered only from below it", () => {
    const room = roomForMod(version, { users: { [BOB]: 50, [CAROL]: 49 } });
    const users = (more: JsonObject): JsonObject =>
      changed(version, { users: { [BOB]: 50, [CAROL]: 49, ...more } });
    expectRefused(() => room.powerLevels(MOD, users({ [CAROL]: 51 })), CAROL);
    expectRefused(() => room.powerLevels(MOD, users({ [BOB]: 49 })), BOB);
    expectRefused(() => room.powerLevels(MOD, users({ [ADMIN]: 50 })), ADMIN);
    expectRefused(() => room.powerLevels(MOD, changed(version, { users: { [CAROL]: 49 } })), BOB);
    expectRefused(() => room.powerLevels(MOD, users({ "@new:x.test": 51 })), "@new:x.test");
    expectRefused(() => room.powerLevels(MOD, users({ [MOD]: 51 })), MOD);
    room.powerLevels(MOD, users({ [CAROL]: 50, "@new:x.test": 50 }));
    room.powerLevels(MOD, users({ [CAROL]: 50, "@new:x.test": 50, [MOD]: 0 }));
  });

  test.each([
    ["users that is no object", { users: [] }],
    ["a name that is no user ID", { users: { bob: 1 } }],
    ["a level that is no number", { users: { [BOB]: {} } }],
  ])("is refused with %s", (_, content) => {
    const room = publicRoom(version);
    expectRefused(() => room.powerLevels(ALICE, content), "users must map");
  });

  test("is free while the room has none", () => {
    const room = new RoomBuilder({ version, creator: ALICE });
    room.join(ALICE);
    room.powerLevels(ALICE, { users: { [BOB]: 1000 } });
  });
});

describe("levels of a wrong type", () => {
  test.each(since(10))("are refused wherever they stand in room version %s", (version) => {
    const room = publicRoom(version);
    for (const name of NAMED) {
      const content = levels(version, { [name]: "50" });
      expectRefused(() => room.powerLevels(ALICE, content), `${name} must be an integer`);
    }
    for (const table of ["events", "notifications"]) {
      for (const value of [[], "x", { a: "1" }, { a: null }]) {
        const content = levels(version, { [table]: value });
        expectRefused(() => room.powerLevels(ALICE, content), `${table} must hold integers`);
      }
    }
    const users = { [BOB]: "50" };
    expectRefused(() => room.powerLevels(ALICE, levels(version, { users })), "users must map");
  });

  test.each(until(9))("may be integers written as text in room version %s", (version) => {
    const room = publicRoom(version, { ban: " +50 ", users: { [BOB]: "50" }, events: { x: "10" } });
    room.member(BOB, CAROL, "ban");
    expectRefused(() => room.powerLevels(ALICE, levels(version, { kick: "high" })), "malformed");
  });

  test.each(until(5))("may be floats in room version %s, which are cut off", (version) => {
    const room = publicRoom(version, { users: { [BOB]: 50.57 } });
    room.member(BOB, CAROL, "ban");
    expectRefused(() => room.member(BOB, MOD, "ban"), "power to ban");
  });
});

describe("notification levels", () => {
  const withRoom = (version: string, level: number): JsonObject =>
    changed(version, { notifications: { room: level } });

  test.each(since(6))("are limited like those of events in room version %s", (version) => {
    const room = roomForMod(version);
    room.powerLevels(MOD, withRoom(version, 50));
    expectRefused(() => room.powerLevels(MOD, withRoom(version, 51)), "notifications room");
    room.powerLevels(ADMIN, withRoom(version, 51));
    expectRefused(() => room.powerLevels(MOD, withRoom(version, 50)), "notifications room");
    expectRefused(() => room.powerLevels(MOD, changed(version, {})), "notifications room");
  });

  test.each(until(5))("are not limited in room version %s", (version) => {
    const room = roomForMod(version);
    expect(() => room.powerLevels(MOD, withRoom(version, 51))).not.toThrow();
  });
});

describe("creators of room version 12", () => {
  const room = (): RoomBuilder => {
    const made = new RoomBuilder({
      version: "12",
      creator: ALICE,
      createContent: { additional_creators: [BOB] },
    });
    made.join(ALICE);
    made.joinRule(ALICE, "public");
    made.powerLevels(ALICE, { users: { [ADMIN]: 1000 }, state_default: 2000, ban: 5000 });
    for (const user of [BOB, ADMIN, CAROL]) made.join(user);
    return made;
  };

  test("have more power than any level", () => {
    const made = room();
    made.topic(ALICE, "x");
    made.topic(BOB, "y");
    made.member(BOB, CAROL, "ban");
    made.powerLevels(BOB, { users: { [ADMIN]: Number.MAX_SAFE_INTEGER } });
    made.powerLevels(BOB, { users: {} });
  });

  test("cannot be touched by anyone, not even by each other", () => {
    const made = room();
    expectRefused(() => made.member(ADMIN, ALICE, "leave"), "power to remove");
    expectRefused(() => made.member(BOB, ALICE, "leave"), "power to remove");
    expectRefused(() => made.member(ALICE, BOB, "ban"), "power to ban");
  });

  test.each([ALICE, BOB])("are not named in the power levels: %s", (creator) => {
    const made = room();
    for (const level of [0, 100]) {
      const content = { users: { [creator]: level } };
      expectRefused(() => made.powerLevels(ALICE, content), "power of creators");
    }
  });

  test("are refused in the first power levels too", () => {
    const made = new RoomBuilder({ version: "12", creator: ALICE });
    made.join(ALICE);
    expectRefused(() => made.powerLevels(ALICE, { users: { [ALICE]: 100 } }), "power of creators");
  });
});

test("additional creators have no power before room version 12", () => {
  const made = new RoomBuilder({
    version: "11",
    creator: ALICE,
    createContent: { additional_creators: [BOB] },
  });
  made.join(ALICE);
  made.joinRule(ALICE, "public");
  made.join(BOB);
  expectRefused(() => made.topic(BOB, "x"), "lacks the power");
});
