import { expect, test } from "vitest";
import { powerLevels } from "../../../core/auth/power.ts";
import { RoomBuilder } from "../../support/room-builder.ts";
import { ADMIN, ALICE, BOB, publicRoom, STRANGER } from "./support.ts";

test("defaults hold in a room without power levels", () => {
  const room = new RoomBuilder({ version: "11", creator: ALICE });
  const power = powerLevels(room.version, room.authState());
  expect([power.user(ALICE), power.user(BOB)]).toEqual([100, 0]);
  expect([power.ban, power.kick, power.redact, power.invite]).toEqual([50, 50, 50, 0]);
  expect([power.event("m.room.topic", true), power.event("m.room.message", false)]).toEqual([
    50, 0,
  ]);
  expect(power.notifications("room")).toBe(50);
});

test("levels of the room replace the defaults", () => {
  const room = publicRoom("11", {
    users_default: 5,
    ban: 1,
    kick: 2,
    redact: 3,
    invite: 4,
    events_default: 6,
    state_default: 7,
    events: { "m.room.topic": 8 },
    notifications: { room: 9 },
  });
  const power = powerLevels(room.version, room.authState());
  expect([power.user(ADMIN), power.user(STRANGER)]).toEqual([100, 5]);
  expect([power.ban, power.kick, power.redact, power.invite]).toEqual([1, 2, 3, 4]);
  expect(power.event("m.room.topic", true)).toBe(8);
  expect([power.event("x", true), power.event("x", false)]).toEqual([7, 6]);
  expect(power.notifications("room")).toBe(9);
});

test("names that are special to JavaScript have no level of their own", () => {
  const room = publicRoom("11");
  const power = powerLevels(room.version, room.authState());
  expect(power.event("constructor", false)).toBe(0);
  expect(power.event("__proto__", true)).toBe(50);
  expect(power.user("toString")).toBe(0);
});

test("a creator of room version 12 has infinite power, with and without power levels", () => {
  const bare = new RoomBuilder({ version: "12", creator: ALICE });
  expect(powerLevels(bare.version, bare.authState()).user(ALICE)).toBe(Infinity);
  const room = publicRoom("12");
  expect(powerLevels(room.version, room.authState()).user(ALICE)).toBe(Infinity);
});

test("in older rooms the creator has no more than the power levels say", () => {
  const room = publicRoom("11");
  room.powerLevels(ALICE, { users: { [ADMIN]: 100 } });
  expect(powerLevels(room.version, room.authState()).user(ALICE)).toBe(0);
});
