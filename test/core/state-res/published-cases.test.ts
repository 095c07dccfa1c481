import { describe, expect, test } from "vitest";
import type { EventId } from "../../../core/ids.ts";
import { ROOM_VERSIONS } from "../../../core/room-version/table.ts";
import { RoomBuilder } from "../../support/room-builder.ts";
import { ALICE, at, BOB, CAROL, levels } from "./support.ts";

/**
 * The cases that Synapse and ruma try their state resolution on, under the names that they have there;
 * each once was a way to get at the state of a room.
 * https://github.com/element-hq/synapse/blob/develop/tests/state/test_v2.py
 * MSC4297 publishes problems A and B, which are in `v2.test.ts`; there are no others.
 */

const EVELYN = "@evelyn:e.test";
const ZARA = "@zara:z.test";
const SINCE_2 = [...ROOM_VERSIONS.keys()].slice(1);

/** A public room of Alice's with Bob, Carol and Zara, who has just said something. */
function start(version: string) {
  const room = new RoomBuilder({ version, creator: ALICE });
  room.join(ALICE);
  room.powerLevels(ALICE, levels(room, {}));
  room.joinRule(ALICE, "public");
  for (const user of [BOB, CAROL, ZARA]) room.join(user);
  const begin = room.message(ZARA);
  const power = (sender: string, users: Readonly<Record<string, number>>, prev: EventId): EventId =>
    room.powerLevels(sender, levels(room, users), { prev: [prev] });
  const topic = (sender: string, text: string, prev: EventId): EventId =>
    room.topic(sender, text, { prev: [prev] });
  return { room, begin, power, topic };
}

describe.each(SINCE_2)("in room version %s", (version) => {
  test("ban vs power levels: a ban beats levels that the banned user sends meanwhile", () => {
    const { room, begin, power } = start(version);
    const byAlice = power(ALICE, { [BOB]: 50 }, begin);
    const again = room.join(ALICE, { prev: [byAlice] });
    const ban = room.member(ALICE, BOB, "ban", { prev: [again] });
    const byBob = power(BOB, { [BOB]: 50 }, byAlice);
    const state = room.stateAt([ban, byBob]);
    expect(at(state, "m.room.power_levels")).toBe(byAlice);
    expect(at(state, "m.room.member", ALICE)).toBe(again);
    expect(at(state, "m.room.member", BOB)).toBe(ban);
  });

  test("join rule evasion: nobody comes in while the door is being shut", () => {
    const { room, begin } = start(version);
    const shut = room.joinRule(ALICE, "private", { prev: [begin] });
    const join = room.join(EVELYN, { prev: [begin] });
    const state = room.stateAt([shut, join]);
    expect(at(state, "m.room.join_rules")).toBe(shut);
    expect(at(state, "m.room.member", EVELYN)).toBeUndefined();
  });

  test("off-topic power levels: a chain of levels is kept against its own beginning", () => {
    const { room, begin, power } = start(version);
    const byAlice = power(ALICE, { [BOB]: 50 }, begin);
    const byBob = power(BOB, { [BOB]: 50, [CAROL]: 50 }, byAlice);
    const byCarol = power(CAROL, { [BOB]: 50, [CAROL]: 0 }, byBob);
    expect(at(room.stateAt([byCarol, byAlice]), "m.room.power_levels")).toBe(byCarol);
  });

  test("topic basic: what a user sets under levels that were taken away is dropped", () => {
    const { room, begin, power, topic } = start(version);
    const first = power(ALICE, { [BOB]: 50 }, topic(ALICE, "1", begin));
    const second = topic(ALICE, "2", first);
    const demotion = power(ALICE, { [BOB]: 0 }, second);
    const third = topic(BOB, "3", power(BOB, { [BOB]: 50 }, first));
    const state = room.stateAt([demotion, third]);
    expect(at(state, "m.room.power_levels")).toBe(demotion);
    expect(at(state, "m.room.topic")).toBe(second);
  });

  test("topic reset: a banned user's topic falls back to the one before", () => {
    const { room, begin, power, topic } = start(version);
    const first = topic(ALICE, "1", begin);
    const promotion = power(ALICE, { [BOB]: 50 }, first);
    const second = topic(BOB, "2", promotion);
    const ban = room.member(ALICE, BOB, "ban", { prev: [second] });
    const state = room.stateAt([ban, first]);
    expect(at(state, "m.room.topic")).toBe(first);
    expect(at(state, "m.room.power_levels")).toBe(promotion);
    expect(at(state, "m.room.member", BOB)).toBe(ban);
  });

  test("topic: a fork that was settled before stays settled", () => {
    const { room, begin, power, topic } = start(version);
    const first = power(ALICE, { [BOB]: 50 }, topic(ALICE, "1", begin));
    const demotion = power(ALICE, { [BOB]: 0 }, topic(ALICE, "2", first));
    const third = topic(BOB, "3", power(BOB, { [BOB]: 50 }, first));
    const settled = room.message(ZARA, "hello", { prev: [demotion, third] });
    const fourth = topic(ALICE, "4", settled);
    const state = room.stateAt([fourth, settled]);
    expect(at(state, "m.room.topic")).toBe(fourth);
    expect(at(state, "m.room.power_levels")).toBe(demotion);
  });
});
