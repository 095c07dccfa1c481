import { describe, expect, test } from "vitest";
import type { StateMap } from "../../../core/event/state-key.ts";
import { powerLevels } from "../../../core/auth/power.ts";
import { ROOM_VERSIONS } from "../../../core/room-version/table.ts";
import type { RoomBuilder } from "../../support/room-builder.ts";
import { ALICE, at, BOB, CAROL, levels, publicRoom } from "./support.ts";

/**
 * What one might expect of state resolution and it does not do, as the specification has it and other
 * servers do it, so that a room stays one room. Each is the smallest room that shows it, found by trying
 * random ones. See docs/decisions/0018-what-resolving-promises.md.
 */

const ALL = [...ROOM_VERSIONS.keys()];
const SINCE_2 = ALL.slice(1);
const NEW = "@new:x.test";

function levelOf(room: RoomBuilder, state: StateMap, user: string): number {
  return powerLevels(room.version, room.authState(state)).user(user);
}

function membershipOf(room: RoomBuilder, state: StateMap, user: string): unknown {
  const id = at(state, "m.room.member", user);
  return id === undefined ? undefined : room.get(id).content["membership"];
}

/** A public room in which Bob and Carol have these levels and 50 is enough to change levels. */
function roomWith(version: string, users: Readonly<Record<string, number>>) {
  const room = publicRoom(version);
  const events = { "m.room.power_levels": 50 };
  const table = (more: Readonly<Record<string, number>>) => ({
    ...levels(room, { ...users, ...more }),
    events,
  });
  room.powerLevels(ALICE, table({}));
  return { room, table, prev: room.tips };
}

describe.each(SINCE_2)("since room version 2, in version %s", (version) => {
  test("a level that both sides lack comes back when who took it away is banned meanwhile", () => {
    const { room, table, prev } = roomWith(version, { [BOB]: 50 });
    const given = room.powerLevels(ALICE, table({ [CAROL]: 40 }), { prev });
    const taken = room.powerLevels(BOB, table({ [CAROL]: 0 }), { prev: [given] });
    const ban = room.member(ALICE, BOB, "ban", { prev });
    for (const side of [taken, ban]) expect(levelOf(room, room.stateAfter(side), CAROL)).toBe(0);
    const state = room.stateAt([taken, ban]);
    expect(at(state, "m.room.power_levels")).toBe(given);
    expect(levelOf(room, state, CAROL)).toBe(40);
  });

  test("a user whom both sides banned is in the room when both who did it lost their power", () => {
    const { room, table, prev } = roomWith(version, { [BOB]: 50, [CAROL]: 50 });
    const join = room.join(NEW, { prev });
    const ban = room.member(BOB, NEW, "ban", { prev: [join] });
    const demotion = room.powerLevels(ALICE, table({ [BOB]: 0, [CAROL]: 0 }), { prev: [ban] });
    const otherBan = room.member(CAROL, NEW, "ban", { prev });
    for (const side of [demotion, otherBan]) {
      expect(membershipOf(room, room.stateAfter(side), NEW)).toBe("ban");
    }
    const state = room.stateAt([demotion, otherBan]);
    expect(at(state, "m.room.member", NEW)).toBe(join);
  });

  test("a room loses its power levels when each side bans who set them on the other", () => {
    const { room, table, prev } = roomWith(version, { [BOB]: 60, [CAROL]: 60 });
    const banOfBob = room.member(ALICE, BOB, "ban", { prev });
    const byCarol = room.powerLevels(CAROL, table({ [NEW]: 1 }), { prev: [banOfBob] });
    const banOfCarol = room.member(ALICE, CAROL, "ban", { prev });
    const byBob = room.powerLevels(BOB, table({ [NEW]: 2 }), { prev: [banOfCarol] });
    const state = room.stateAt([byCarol, byBob]);
    expect(at(state, "m.room.power_levels")).toBeUndefined();
    expect(levelOf(room, state, ALICE)).toBe(version === "12" ? Infinity : 100);
    expect(levelOf(room, state, NEW)).toBe(0);
  });
});

describe.each(ALL)("in room version %s", (version) => {
  test("who came in on one side has there the level that only the other side gave", () => {
    const { room, table, prev } = roomWith(version, { [BOB]: 50 });
    const join = room.join(NEW, { prev });
    const given = room.powerLevels(ALICE, table({ [NEW]: 50 }), { prev });
    const state = room.stateAt([join, given]);
    expect(at(state, "m.room.member", NEW)).toBe(join);
    expect(levelOf(room, state, NEW)).toBe(50);
  });
});

test("in room version 1 what was done with power outlives the loss of it", () => {
  const { room, table, prev } = roomWith("1", { [BOB]: 50 });
  const topic = room.topic(BOB, "by Bob", { prev });
  const demotion = room.powerLevels(ALICE, table({ [BOB]: 0 }), { prev });
  const state = room.stateAt([topic, demotion]);
  expect(at(state, "m.room.power_levels")).toBe(demotion);
  expect(at(state, "m.room.topic")).toBe(topic);
});
