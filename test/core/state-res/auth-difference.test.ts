import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { StateMap } from "../../../core/event/state-key.ts";
import type { EventId } from "../../../core/ids.ts";
import { authDifference } from "../../../core/state-res/auth-difference.ts";
import { conflictedSubgraph } from "../../../core/state-res/conflicted-subgraph.ts";
import { conflictedEvents, findConflicts } from "../../../core/state-res/conflicts.ts";
import { EventGraph } from "../../../core/state-res/event-graph.ts";
import type { RoomBuilder } from "../../support/room-builder.ts";
import { randomRoom } from "./support.ts";

/** Everything reachable from these events, themselves included: the definition, word by word. */
function chain(graph: EventGraph, ids: Iterable<EventId>): Set<EventId> {
  const seen = new Set<EventId>();
  const visit = (id: EventId): void => {
    if (seen.has(id)) return;
    seen.add(id);
    graph.authIds(id).forEach(visit);
  };
  for (const id of ids) visit(id);
  return seen;
}

function graphOf(room: RoomBuilder): EventGraph {
  return new EventGraph(room.version, (id) => room.events.get(id));
}

/** A random room and up to four of its states. */
function roomAndStates(version: string): fc.Arbitrary<[RoomBuilder, StateMap[]]> {
  return fc
    .tuple(randomRoom(version), fc.array(fc.nat(), { minLength: 2, maxLength: 4 }))
    .map(([room, picks]) => {
      const ids = [...room.events.keys()];
      return [room, picks.map((n) => room.stateAfter(ids[n % ids.length] as EventId))];
    });
}

describe.each(["2", "11", "12"])("in random rooms of version %s", (version) => {
  test("the auth difference is the union of the auth chains without their intersection", () => {
    fc.assert(
      fc.property(roomAndStates(version), ([room, states]) => {
        const graph = graphOf(room);
        const conflicts = findConflicts(states);
        const conflicted = conflictedEvents(conflicts);
        const chains = states.map((state) => chain(graph, state.values()));
        const expected = [
          ...chains.reduce((all, one) => all.union(one), new Set<EventId>()),
        ].filter((id) => !conflicted.has(id) && !chains.every((one) => one.has(id)));
        const found = [...authDifference(graph, states, conflicts, conflicted)];
        expect(found.sort()).toEqual(expected.sort());
      }),
      { numRuns: 40 },
    );
  });

  test("the conflicted subgraph is what lies between conflicted events", () => {
    fc.assert(
      fc.property(roomAndStates(version), ([room, states]) => {
        const graph = graphOf(room);
        const conflicted = conflictedEvents(findConflicts(states));
        const below = chain(graph, conflicted);
        const expected = [...below].filter((id) =>
          [...chain(graph, [id])].some((reached) => conflicted.has(reached)),
        );
        expect([...conflictedSubgraph(graph, conflicted)].sort()).toEqual(expected.sort());
      }),
      { numRuns: 40 },
    );
  });
});
