import { describe, expect, test } from "vitest";
import { ROOM_VERSIONS } from "../../../core/room-version/table.ts";
import { RoomBuilder } from "../../support/room-builder.ts";
import { ALICE, at, BOB, CAROL, DAVE, levels, publicRoom, resolve, stateOf } from "./support.ts";

const ALL = [...ROOM_VERSIONS.keys()];

describe.each(ALL.slice(1))("state resolution of room version %s", (version) => {
  test("a ban beats the topic that the banned user set meanwhile, however early", () => {
    const room = publicRoom(version);
    const prev = room.tips;
    const topic = room.topic(BOB, "by Bob", { prev, ts: 1 });
    const ban = room.member(ALICE, BOB, "ban", { prev, ts: 2_000_000_000_000 });
    const state = room.stateAt([topic, ban]);
    expect(at(state, "m.room.member", BOB)).toBe(ban);
    expect(at(state, "m.room.topic")).toBeUndefined();
  });

  test("an older topic stays when the newer one is refused", () => {
    const room = publicRoom(version);
    const before = room.topic(ALICE, "before");
    const prev = room.tips;
    const topic = room.topic(BOB, "by Bob", { prev });
    const demotion = room.powerLevels(ALICE, levels(room, { [BOB]: 0 }), { prev });
    const state = room.stateAt([topic, demotion]);
    expect(at(state, "m.room.power_levels")).toBe(demotion);
    expect(at(state, "m.room.topic")).toBe(before);
  });

  test("of two topics the later one counts, and at the same time the greater ID", () => {
    const room = publicRoom(version);
    const prev = room.tips;
    const early = room.topic(ALICE, "early", { prev, ts: 10 });
    const late = room.topic(BOB, "late", { prev, ts: 20 });
    expect(at(room.stateAt([early, late]), "m.room.topic")).toBe(late);
    const same = room.topic(ALICE, "same", { prev, ts: 20 });
    const greater = same > late ? same : late;
    expect(at(room.stateAt([same, late]), "m.room.topic")).toBe(greater);
  });

  test("topics set under newer power levels count more than ones set under older", () => {
    const room = publicRoom(version);
    const old = room.topic(BOB, "old", { prev: room.tips, ts: 2_000_000_000_000 });
    const fork = room.powerLevels(ALICE, levels(room, { [BOB]: 60 }), {
      prev: room.get(old).prev_events.map((ref) => (typeof ref === "string" ? ref : ref[0])),
    });
    const fresh = room.topic(ALICE, "fresh", { prev: [fork], ts: 1 });
    expect(at(room.stateAt([old, fresh]), "m.room.topic")).toBe(fresh);
  });

  test("the power levels of the more powerful sender come first and bind the other", () => {
    const room = publicRoom(version);
    room.powerLevels(ALICE, {
      ...levels(room, { [BOB]: 50 }),
      events: { "m.room.power_levels": 50 },
    });
    const prev = room.tips;
    const events = { "m.room.power_levels": 50 };
    const byBob = room.powerLevels(
      BOB,
      { ...levels(room, { [BOB]: 50, [CAROL]: 50 }), events },
      { prev, ts: 1 },
    );
    const byAlice = room.powerLevels(ALICE, { ...levels(room, { [BOB]: 0 }), events }, { prev });
    const state = room.stateAt([byBob, byAlice]);
    expect(at(state, "m.room.power_levels")).toBe(byAlice);
  });

  test("a join loses against join rules that were closed meanwhile", () => {
    const room = publicRoom(version);
    const prev = room.tips;
    const join = room.join("@new:x.test", { prev });
    const closed = room.joinRule(ALICE, "invite", { prev });
    const state = room.stateAt([join, closed]);
    expect(at(state, "m.room.join_rules")).toBe(closed);
    expect(at(state, "m.room.member", "@new:x.test")).toBeUndefined();
  });

  test("of two moderators who ban each other the one whose ban is earlier stays", () => {
    const room = publicRoom(version);
    room.powerLevels(ALICE, { ...levels(room, { [BOB]: 51, [CAROL]: 50 }), ban: 50 });
    const prev = room.tips;
    const byBob = room.member(BOB, CAROL, "ban", { prev });
    const byCarol = room.member(CAROL, DAVE, "ban", { prev, ts: 1 });
    const state = room.stateAt([byBob, byCarol]);
    expect(at(state, "m.room.member", CAROL)).toBe(byBob);
    expect(room.get(at(state, "m.room.member", DAVE) as typeof byBob).content["membership"]).toBe(
      "join",
    );
  });

  test("chains of power that rest on each other are replayed in order", () => {
    const room = publicRoom(version);
    const prev = room.tips;
    const events = { "m.room.power_levels": 50 };
    const first = room.powerLevels(ALICE, { ...levels(room, { [BOB]: 60 }), events }, { prev });
    const second = room.powerLevels(
      BOB,
      { ...levels(room, { [BOB]: 60, [CAROL]: 60 }), events },
      { prev: [first] },
    );
    const topic = room.topic(CAROL, "by Carol", { prev: [second], ts: 1 });
    const other = room.topic(ALICE, "by Alice", { prev, ts: 2 });
    const state = room.stateAt([topic, other]);
    expect(at(state, "m.room.power_levels")).toBe(second);
    expect(at(state, "m.room.topic")).toBe(topic);
  });
});

/**
 * Problem A: both sides agree that Alice has left, one side claims outdated join rules.
 * https://github.com/matrix-org/matrix-spec-proposals/blob/main/proposals/4297-state-resolution-v2_1.md
 */
describe("MSC4297 problem A", () => {
  function build(version: string) {
    const room = new RoomBuilder({ version, creator: ALICE });
    const alice = room.join(ALICE);
    const power = room.powerLevels(ALICE, levels(room, {}));
    const open = room.joinRule(ALICE, "public");
    const bob = room.join(BOB);
    const carol = room.join(CAROL);
    const closed = room.joinRule(ALICE, "invite");
    const left = room.member(ALICE, ALICE, "leave");
    const renamedBob = room.join(BOB, { content: { displayname: "bob++" } });
    const renamedCarol = room.join(CAROL, { content: { displayname: "carol++" }, prev: [left] });
    const right = stateOf(room, room.createId, left, power, closed, renamedBob, carol);
    const outdated = stateOf(room, room.createId, left, power, open, bob, renamedCarol);
    return { room, alice, closed, resolved: resolve(room, [right, outdated]) };
  }

  test("loses the join rules in room version 11", () => {
    const { resolved } = build("11");
    expect(at(resolved, "m.room.join_rules")).toBeUndefined();
  });

  test("keeps the newest join rules in room version 12", () => {
    const { resolved, closed } = build("12");
    expect(at(resolved, "m.room.join_rules")).toBe(closed);
  });
});

/** Problem B: one side claims the first power levels although it has seen the third ones. */
describe("MSC4297 problem B", () => {
  const EVE = "@eve:e.test";
  const ZARA = "@zara:z.test";

  function build(version: string) {
    const room = new RoomBuilder({ version, creator: ALICE });
    const alice = room.join(ALICE);
    const events = { "m.room.power_levels": 50 };
    const first = room.powerLevels(ALICE, { ...levels(room, {}), events });
    const open = room.joinRule(ALICE, "public");
    const bob = room.join(BOB);
    const carol = room.join(CAROL);
    room.powerLevels(ALICE, { ...levels(room, { [BOB]: 50 }), events });
    const third = room.powerLevels(BOB, { ...levels(room, { [BOB]: 50, [CAROL]: 50 }), events });
    const zara = room.join(ZARA, { prev: [third] });
    room.join(EVE, { prev: [third] });
    const eve = room.join(EVE, { content: { displayname: "eve++" }, prev: room.tips.slice(-1) });
    const common = [room.createId, alice, open, bob, carol];
    const outdated = stateOf(room, ...common, first, eve);
    const right = stateOf(room, ...common, third, zara);
    return { first, third, eve, zara, resolved: resolve(room, [outdated, right]) };
  }

  test("falls back to the first power levels in room version 11", () => {
    const { resolved, first } = build("11");
    expect(at(resolved, "m.room.power_levels")).toBe(first);
  });

  test("keeps the newest power levels in room version 12", () => {
    const { resolved, third, eve, zara } = build("12");
    expect(at(resolved, "m.room.power_levels")).toBe(third);
    expect(at(resolved, "m.room.member", EVE)).toBe(eve);
    expect(at(resolved, "m.room.member", ZARA)).toBe(zara);
  });
});

test("a rejected event that is cited authorises nothing", () => {
  const room = publicRoom("12");
  const prev = room.tips;
  const forged = room.send(
    {
      sender: CAROL,
      type: "m.room.power_levels",
      stateKey: "",
      content: { users: { [CAROL]: 100 } },
      prev,
    },
    { unchecked: true },
  );
  const join = at(room.state, "m.room.member", CAROL);
  const auth = [forged, join as typeof forged];
  const topic = room.send(
    { sender: CAROL, type: "m.room.topic", stateKey: "", prev, auth },
    { unchecked: true },
  );
  const claimed = new Map([...room.stateAt(prev), ...stateOf(room, topic)]);
  const resolved = resolve(room, [room.stateAt(prev), claimed]);
  expect(at(resolved, "m.room.topic")).toBeUndefined();
});
