import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { splitStateKey, type StateMap } from "../../../core/event/state-key.ts";
import type { EventId } from "../../../core/ids.ts";
import { ROOM_VERSIONS } from "../../../core/room-version/table.ts";
import { MissingEventError } from "../../../core/state-res/event-graph.ts";
import { resolveState } from "../../../core/state-res/resolve-state.ts";
import { at, BOB, CAROL, publicRoom, randomRoom, resolve } from "./support.ts";

const ALL = [...ROOM_VERSIONS.keys()];

describe.each(ALL)("resolving states of room version %s", (version) => {
  test("no state at all gives the empty one, one state gives itself in order", () => {
    const room = publicRoom(version);
    expect(resolve(room, []).size).toBe(0);
    const reversed = new Map([...room.state].reverse());
    const resolved = resolve(room, [reversed]);
    expect([...resolved]).toEqual([...room.state]);
    expect([...resolved.keys()]).toEqual([...resolved.keys()].sort());
  });

  test("equal states give that state", () => {
    const room = publicRoom(version);
    expect(resolve(room, [room.state, new Map(room.state)])).toEqual(room.state);
  });

  test("what only one side has is kept if it is allowed", () => {
    const room = publicRoom(version);
    const tips = room.tips;
    const topic = room.topic(BOB, "one", { prev: tips });
    const message = room.message(CAROL, "other", { prev: tips });
    expect(at(room.stateAt([topic, message]), "m.room.topic")).toBe(topic);
  });

  test("a missing event is an error", () => {
    const room = publicRoom(version);
    const tips = room.tips;
    const one = room.topic(BOB, "one", { prev: tips });
    const two = room.topic(BOB, "two", { prev: tips });
    const states = [room.stateAfter(one), room.stateAfter(two)];
    const source = (id: EventId) => (id === two ? undefined : room.events.get(id));
    expect(() => resolveState(room.version, states, source)).toThrow(MissingEventError);
  });

  test("each event is asked for once at most", () => {
    const room = publicRoom(version);
    const tips = room.tips;
    const one = room.topic(BOB, "one", { prev: tips });
    const two = room.member(BOB, CAROL, "ban", { prev: tips });
    const asked = new Map<EventId, number>();
    resolveState(room.version, [room.stateAfter(one), room.stateAfter(two)], (id) => {
      asked.set(id, (asked.get(id) ?? 0) + 1);
      return room.events.get(id);
    });
    expect(Math.max(...asked.values())).toBe(1);
  });

  test("any order of the states and of their keys gives the same bytes", () => {
    fc.assert(
      fc.property(randomRoom(version), fc.infiniteStream(fc.nat()), (room, numbers) => {
        const ids = [...room.events.keys()];
        const pick = (): StateMap => {
          const id = ids[numbers.next().value % ids.length] as EventId;
          return room.stateAfter(id);
        };
        const states = [pick(), pick(), pick()];
        const [a, b, c] = states as [StateMap, StateMap, StateMap];
        const resolved = JSON.stringify([...resolve(room, states)]);
        for (const other of [
          [a, c, b],
          [b, a, c],
          [b, c, a],
          [c, a, b],
          [c, b, a],
        ]) {
          expect(JSON.stringify([...resolve(room, other)])).toBe(resolved);
        }
        const reversed = states.map((state) => new Map([...state].reverse()));
        expect(JSON.stringify([...resolve(room, reversed)])).toBe(resolved);
        for (const [key, id] of resolve(room, states)) {
          const event = room.get(id);
          expect([event.type, event.state_key]).toEqual(splitStateKey(key));
        }
      }),
      { numRuns: 15 },
    );
  });
});
