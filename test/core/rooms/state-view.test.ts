import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { stateKeyOf } from "../../../core/event/state-key.ts";
import { eventIdOf } from "../../../core/event/hash.ts";
import type { EventId, RoomId } from "../../../core/ids.ts";
import { roomVersion } from "../../../core/room-version/table.ts";
import {
  authState,
  eventForRules,
  stateAfter,
  stateBefore,
} from "../../../core/rooms/state-view.ts";
import type { StateDeps } from "../../../core/rooms/state-view.ts";
import { rooms } from "../../../core/tables.ts";
import type { RoomMeta } from "../../../core/tables.ts";
import type { Key, Table } from "../../../core/table.ts";
import { ALICE, BOB, CAROL, LedgerBox } from "./ledger-box.ts";
import { openRoom, said, send } from "./said.ts";

let a: LedgerBox;
let b: LedgerBox;
let room: RoomId;
let deps: StateDeps;
beforeEach(async () => {
  a = await LedgerBox.open({ name: "a" });
  b = await LedgerBox.open({ name: "b" });
  room = await openRoom(a, {
    members: [BOB, CAROL],
    levels: { users: { [BOB]: 75, [CAROL]: 50 } },
  });
  await b.takeAll(a);
  deps = { view: a.view, docs: a.docs };
});
afterEach(() => {
  a.close();
  b.close();
});

/** The same, but it does not know what the room's state is now. */
function withoutIndex(): StateDeps {
  const get = <K extends Key, V>(table: Table<K, V>, key: K): V | undefined => {
    const value = a.view.get(table, key);
    if (table.name !== rooms.name || value === undefined) return value;
    return { ...(value as RoomMeta), extremities: [], heads: ["none"] } as V;
  };
  return { view: { get }, docs: a.docs };
}

test("the state after each event stays what it was", async () => {
  const [one, two] = [
    await send(a, room, said.topic(ALICE, "1")),
    await send(a, room, said.topic(BOB, "2")),
  ];
  const message = await send(a, room, said.message(CAROL));
  const topicAfter = (id: EventId) => stateAfter(deps, room, id).get("m.room.topic", "");
  expect([one, two, message].map(({ id }) => topicAfter(id))).toEqual([one.id, two.id, two.id]);
  expect(topicAfter(a.room(room).create)).toBeUndefined();
  expect([...stateAfter(deps, room, a.room(room).create).entries()]).toEqual([
    [stateKeyOf("m.room.create", ""), a.room(room).create],
  ]);
});

test("the state after an event is only asked of the room's own events", () => {
  expect(() => stateAfter(deps, room, "$unknown" as EventId)).toThrow("known event");
  const [parent = "" as EventId] = a.room(room).extremities;
  expect(() => stateBefore(deps, "!other" as RoomId, [parent])).toThrow("of the room");
});

test("before the first event there is no state", () => {
  const state = stateBefore(deps, "!new" as RoomId, []);
  expect([...state.entries()]).toEqual([]);
  expect(state.at.heads).toEqual([]);
  expect(state.get("m.room.create", "")).toBeUndefined();
});

describe("the state before an event", () => {
  /** Carol sets a topic, and is banned by Alice on the other side. */
  async function fork(): Promise<void> {
    await send(a, room, said.member(ALICE, CAROL, "ban"));
    await send(b, room, said.topic(CAROL, "mine"));
    await a.takeAll(b);
  }

  test("on top of the whole room is the same from the index as from the document", async () => {
    await fork();
    const parents = a.room(room).extremities;
    const [quick, slow] = [
      stateBefore(deps, room, parents),
      stateBefore(withoutIndex(), room, parents),
    ];
    expect(quick.at).toEqual(slow.at);
    expect(quick.edits).toEqual(slow.edits);
    expect(quick.edits).toEqual([[stateKeyOf("m.room.topic", ""), undefined]]);
    expect([...quick.entries()].toSorted()).toEqual([...slow.entries()].toSorted());
    for (const state of [quick, slow]) {
      expect(state.get("m.room.topic", "")).toBeUndefined();
      expect(state.get("m.room.member", BOB)).toBe(a.stateOf(room, "m.room.member", BOB));
    }
  });

  test("does not depend on the order of its parents, or on one named twice", async () => {
    await fork();
    const [one, two] = a.room(room).extremities as [EventId, EventId];
    const states = [
      [one, two],
      [two, one],
      [two, one, two],
    ].map((parents) => {
      const { at, edits, ...state } = stateBefore(withoutIndex(), room, parents);
      return { at, edits, entries: [...state.entries()].toSorted() };
    });
    expect(states[1]).toEqual(states[0]);
    expect(states[2]).toEqual(states[0]);
  });

  test("on top of one branch knows nothing of the other", async () => {
    await fork();
    for (const parent of a.room(room).extremities) {
      const { pdu } = a.event(parent);
      const state = stateBefore(deps, room, [parent]);
      expect(state.edits).toEqual([]);
      expect(state.at.heads).toEqual(a.event(parent).heads);
      const isBan = pdu.type === "m.room.member";
      expect(state.get("m.room.topic", "")).toBe(isBan ? undefined : parent);
    }
  });

  test("is resolved also where one parent comes after the other", async () => {
    const early = await send(a, room, said.topic(ALICE, "1"));
    const late = await send(a, room, said.state(ALICE, "m.room.name", { name: "n" }));
    const state = stateBefore(deps, room, [early.id, late.id]);
    expect(state.at.heads).toEqual(late.heads);
    expect(state.get("m.room.name", "")).toBe(late.id);
  });
});

test("the rules see what a redaction has taken away, under the same ID", async () => {
  const target = a.stateOf(room, "m.room.power_levels") as EventId;
  const whole = a.event(target).pdu;
  const old = await openRoom(a, { version: "10", levels: { invite: 50 } });
  const levels = a.stateOf(old, "m.room.power_levels") as EventId;
  await send(a, old, said.redaction(ALICE, levels));
  expect(eventForRules(a.view, target)).toEqual(whole);
  const seen = eventForRules(a.view, levels);
  expect(seen?.content).toMatchObject({ invite: 50 });
  expect(seen && eventIdOf(roomVersion("10"), seen)).toBe(levels);
  const state = stateBefore(deps, old, a.room(old).extremities);
  expect(authState(deps, state).get("m.room.power_levels", "")?.content["invite"]).toBe(50);
  expect(eventForRules(a.view, "$unknown" as EventId)).toBeUndefined();
});
