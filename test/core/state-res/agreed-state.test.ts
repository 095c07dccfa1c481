import fc from "fast-check";
import { expect, test } from "vitest";
import type { StateMap } from "../../../core/event/state-key.ts";
import type { EventId } from "../../../core/ids.ts";
import type { AgreedState } from "../../../core/state-res/agreed-state.ts";
import { resolveState } from "../../../core/state-res/resolve-state.ts";
import type { RoomBuilder } from "../../support/room-builder.ts";
import { randomRoom } from "./support.ts";

/** A random room, up to four of its states, and which of the keys that they agree on are listed. */
function cases(version: string): fc.Arbitrary<[RoomBuilder, StateMap[], boolean[]]> {
  const picks = fc.array(fc.nat(), { minLength: 2, maxLength: 4 });
  const listed = fc.array(fc.boolean(), { minLength: 8, maxLength: 8 });
  return fc.tuple(randomRoom(version), picks, listed).map(([room, numbers, isListed]) => {
    const ids = [...room.events.keys()];
    const states = numbers.map((n) => room.stateAfter(ids[n % ids.length] as EventId));
    return [room, states, isListed];
  });
}

/** What all have in common, told only when asked for, as a room's documents do. */
function leftOut(room: RoomBuilder, states: readonly StateMap[]): AgreedState {
  const [first = new Map<string, EventId>()] = states;
  return {
    get: (key) => first.get(key),
    since: (event) => {
      const then = room.stateAfter(event);
      return [...first].filter(([key, id]) => then.get(key) !== id).map(([, id]) => id);
    },
  };
}

test.each(["1", "2", "11", "12"])(
  "in rooms of version %s states may leave out what they have in common",
  (version) => {
    fc.assert(
      fc.property(cases(version), ([room, states, isListed]) => {
        const events = (id: EventId) => room.events.get(id);
        const whole = resolveState(room.version, states, events);
        const keys = [...new Set(states.flatMap((state) => [...state.keys()]))];
        const isDisputed = (key: string) => new Set(states.map((s) => s.get(key))).size > 1;
        const kept = keys.filter((key, i) => isDisputed(key) || isListed[i % isListed.length]);
        const only = (state: StateMap): StateMap =>
          new Map([...state].filter(([key]) => kept.includes(key)));
        const agreed = leftOut(room, states);
        const part = resolveState(room.version, states.map(only), events, undefined, agreed);
        expect(part).toEqual(only(whole));
      }),
      { numRuns: 60 },
    );
  },
);
