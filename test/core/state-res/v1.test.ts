import { hash } from "node:crypto";
import { expect, test } from "vitest";
import type { EventId } from "../../../core/ids.ts";
import { ALICE, at, BOB, CAROL, levels, publicRoom } from "./support.ts";

const byHash = (a: EventId, b: EventId): number => (hash("sha1", a) < hash("sha1", b) ? -1 : 1);

test("of other state the deepest event counts, at the same depth the lowest hash", () => {
  const room = publicRoom("1");
  const prev = room.tips;
  const one = room.topic(ALICE, "one", { prev });
  const two = room.topic(BOB, "two", { prev });
  const [lowest] = [one, two].sort(byHash);
  expect(at(room.stateAt([one, two]), "m.room.topic")).toBe(lowest);
  const [loser] = [one, two].filter((id) => id !== lowest);
  const deeper = room.topic(ALICE, "deeper", { prev: [loser as EventId] });
  expect(at(room.stateAt([deeper, lowest as EventId]), "m.room.topic")).toBe(deeper);
});

test("what one side lacks is no conflict", () => {
  const room = publicRoom("1");
  const prev = room.tips;
  const topic = room.topic(BOB, "by Bob", { prev });
  const ban = room.member(ALICE, BOB, "ban", { prev });
  const state = room.stateAt([topic, ban]);
  expect(at(state, "m.room.topic")).toBe(topic);
  expect(at(state, "m.room.member", BOB)).toBe(ban);
});

test("power levels take each other's place as long as each allows the next", () => {
  const room = publicRoom("1");
  const prev = room.tips;
  const first = room.powerLevels(ALICE, levels(room, { [BOB]: 100 }), { prev });
  const message = room.message(ALICE, "x", { prev });
  const deeper = room.powerLevels(ALICE, levels(room, { [CAROL]: 50 }), { prev: [message] });
  expect(at(room.stateAt([first, deeper]), "m.room.power_levels")).toBe(first);
  const milder = room.powerLevels(ALICE, levels(room, { [BOB]: 100, [CAROL]: 5 }), {
    prev: [message],
  });
  expect(at(room.stateAt([first, milder]), "m.room.power_levels")).toBe(milder);
});

test("a membership is replaced only as long as the earlier one allows the later", () => {
  const room = publicRoom("1");
  const prev = room.tips;
  const ban = room.member(ALICE, CAROL, "ban", { prev });
  const message = room.message(BOB, "x", { prev });
  const rename = room.join(CAROL, { prev: [message], content: { displayname: "c" } });
  expect(at(room.stateAt([ban, rename]), "m.room.member", CAROL)).toBe(ban);
});

test("state that nobody may set any more falls to the shallowest event", () => {
  const room = publicRoom("1");
  const prev = room.tips;
  const one = room.topic(BOB, "one", { prev });
  const two = room.topic(BOB, "two", { prev: [room.message(BOB, "x", { prev })] });
  const demotion = room.powerLevels(ALICE, levels(room, { [BOB]: 0 }), { prev });
  expect(at(room.stateAt([two, one, demotion]), "m.room.topic")).toBe(one);
});
