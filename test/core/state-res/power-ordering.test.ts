import { describe, expect, test } from "vitest";
import type { EventId } from "../../../core/ids.ts";
import { EventGraph } from "../../../core/state-res/event-graph.ts";
import { orderByMainline } from "../../../core/state-res/mainline-ordering.ts";
import { isPowerEvent, powerEventsOf } from "../../../core/state-res/power-events.ts";
import { orderByPower } from "../../../core/state-res/power-ordering.ts";
import type { RoomBuilder } from "../../support/room-builder.ts";
import { ALICE, BOB, CAROL, DAVE, levels, publicRoom } from "./support.ts";

function graphOf(room: RoomBuilder): EventGraph {
  return new EventGraph(room.version, (id) => room.events.get(id));
}

describe("power events", () => {
  const state = (type: string, sender: string, stateKey: string, content: object): boolean => {
    const room = publicRoom("12");
    return isPowerEvent(room.build({ type, sender, stateKey, content: content as never }));
  };

  test.each([
    ["m.room.power_levels", ALICE, "", {}, true],
    ["m.room.join_rules", ALICE, "", {}, true],
    ["m.room.power_levels", ALICE, "x", {}, false],
    ["m.room.member", ALICE, BOB, { membership: "ban" }, true],
    ["m.room.member", ALICE, BOB, { membership: "leave" }, true],
    ["m.room.member", BOB, BOB, { membership: "leave" }, false],
    ["m.room.member", ALICE, BOB, { membership: "invite" }, false],
    ["m.room.member", BOB, BOB, { membership: "join" }, false],
    ["m.room.topic", ALICE, "", {}, false],
    ["m.room.third_party_invite", ALICE, "", {}, false],
  ])("%s by %s for %j with %j: %s", (type, sender, stateKey, content, expected) => {
    expect(state(type, sender, stateKey, content)).toBe(expected);
  });

  test("bring along what they rest on, as far as it is in the set", () => {
    const room = publicRoom("11");
    const topic = room.topic(BOB, "x");
    const join = room.join("@new:x.test");
    const promotion = room.powerLevels(ALICE, levels(room, { "@new:x.test": 50 }));
    const ban = room.member("@new:x.test", CAROL, "ban");
    const found = powerEventsOf(graphOf(room), new Set([ban, join, topic]));
    expect([...found].sort()).toEqual([ban, join].sort());
    expect(powerEventsOf(graphOf(room), new Set([ban, promotion, topic])).has(promotion)).toBe(
      true,
    );
  });
});

describe("the reverse topological power ordering", () => {
  test("puts power before time, time before ID, and what is cited before what cites it", () => {
    const room = publicRoom("11");
    room.powerLevels(ALICE, { ...levels(room, { [BOB]: 60, [CAROL]: 60 }), kick: 50 });
    const prev = room.tips;
    const kick = (sender: string, ts: number, target = DAVE): EventId =>
      room.member(sender, target, "leave", { prev, ts });
    const late = kick(ALICE, 9);
    const early = kick(BOB, 5);
    const same = [kick(BOB, 7), kick(CAROL, 7)].sort();
    const resting = room.topic(ALICE, "x", { prev: [kick(ALICE, 8)], ts: 0 });
    const rules = room.joinRule(ALICE, "invite", { prev, ts: 1 });
    const join = room.join(BOB, { prev: [rules], ts: 0 });
    const ids = new Set([...same, early, late, rules, join, resting].reverse());
    const expected = [resting, rules, late, join, early, ...same];
    expect(orderByPower(graphOf(room), ids)).toEqual(expected);
  });

  test("takes a sender's power from the events that the event cites", () => {
    const room = publicRoom("12");
    const prev = room.tips;
    const before = room.member(BOB, CAROL, "leave", { prev, ts: 2 });
    const demotion = room.powerLevels(ALICE, levels(room, { [BOB]: 0 }), { prev, ts: 3 });
    const after = room.join(BOB, { prev: [demotion], ts: 1 });
    const order = orderByPower(graphOf(room), new Set([after, before]));
    expect(order).toEqual([before, after]);
  });
});

describe("the mainline ordering", () => {
  test("puts events of older power levels first, of none before all, then goes by time and ID", () => {
    const room = publicRoom("11");
    const base = room.tips;
    const joinOfAlice = [...room.events.keys()][1] as EventId;
    const second = room.powerLevels(ALICE, levels(room, { [BOB]: 60 }), { prev: base });
    const third = room.powerLevels(ALICE, levels(room, { [BOB]: 70 }), { prev: [second] });
    const side = room.powerLevels(ALICE, levels(room, { [BOB]: 55 }), { prev: base });
    const topic = (prev: EventId, ts: number): EventId =>
      room.topic(BOB, `${ts}`, { prev: [prev], ts });
    const onThird = topic(third, 1);
    const onSecond = topic(second, 2);
    const onSide = topic(side, 4);
    const onFirst = room.topic(BOB, "first", { prev: base, ts: 5 });
    const same = [room.topic(BOB, "a", { prev: base, ts: 6 }), topic(side, 6)].sort();
    const ids = [onThird, ...same, onFirst, onSide, onSecond, joinOfAlice];
    const graph = graphOf(room);
    const expected = [joinOfAlice, onSide, onFirst, ...same, onSecond, onThird];
    expect(orderByMainline(graph, ids, third)).toEqual(expected);
    expect(orderByMainline(graph, [...ids].reverse(), third)).toEqual(expected);
  });

  test("goes by time and ID alone where there are no power levels", () => {
    const room = publicRoom("11");
    const prev = room.tips;
    const late = room.topic(BOB, "late", { prev, ts: 2 });
    const early = room.topic(ALICE, "early", { prev, ts: 1 });
    expect(orderByMainline(graphOf(room), [late, early], undefined)).toEqual([early, late]);
  });
});
