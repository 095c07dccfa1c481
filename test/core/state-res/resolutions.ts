import fc from "fast-check";
import { type PowerLevels, powerLevels } from "../../../core/auth/power.ts";
import { authEventIds, prevEventIds } from "../../../core/event/pdu.ts";
import type { StateMap } from "../../../core/event/state-key.ts";
import type { EventId } from "../../../core/ids.ts";
import { conflictedSubgraph } from "../../../core/state-res/conflicted-subgraph.ts";
import { conflictedEvents, findConflicts } from "../../../core/state-res/conflicts.ts";
import { EventGraph } from "../../../core/state-res/event-graph.ts";
import { isPowerEvent } from "../../../core/state-res/power-events.ts";
import type { RoomBuilder } from "../../support/room-builder.ts";
import { randomRoom, resolve } from "./support.ts";

/** Rooms that are looked at in each version; more with RUNS=1000 and `--testTimeout=600000`. */
export const RUNS = Number(process.env["RUNS"] ?? 12);
/** Printed with each test; SEED=… plays the same rooms again. */
export const SEED = Number(process.env["SEED"] ?? Date.now() & 0x7fffffff);

const RESOLUTIONS_PER_ROOM = 12;

/** Two or three sides of a forked room, and the state that they come to. */
export class Resolution {
  readonly room: RoomBuilder;
  readonly states: readonly StateMap[];
  readonly resolved: StateMap;
  /** What all sides agree on. */
  readonly agreed: ReadonlyMap<string, EventId>;
  readonly conflicted: ReadonlySet<EventId>;
  readonly #sides: readonly EventId[];

  constructor(room: RoomBuilder, sides: readonly EventId[]) {
    this.room = room;
    this.#sides = sides;
    this.states = sides.map((id) => room.stateAfter(id));
    this.resolved = resolve(room, this.states);
    const conflicts = findConflicts(this.states);
    this.agreed = conflicts.unconflicted;
    this.conflicted = conflictedEvents(conflicts);
  }

  /** The states that were in force at all the events that a side has seen. */
  get past(): StateMap[] {
    const seen = reachable(this.#sides, (id) => prevEventIds(this.room.get(id)));
    return [...seen].map((id) => this.room.stateAfter(id));
  }

  /** What each side's state holds and rests on. */
  get chains(): Set<EventId>[] {
    return this.states.map((state) => this.#chain(state.values()));
  }

  /** The events on a way along auth events from one conflicted event to another. */
  get between(): Set<EventId> {
    const graph = new EventGraph(this.room.version, (id) => this.room.events.get(id));
    return conflictedSubgraph(graph, this.conflicted);
  }

  /** What may be replayed before all else: power events, and everything that some of them rest on. */
  get replayedFirst(): Set<EventId> {
    const all = [...this.room.events.keys()];
    return this.#chain(all.filter((id) => isPowerEvent(this.room.get(id))));
  }

  power(state: StateMap = this.resolved): PowerLevels {
    return powerLevels(this.room.version, this.room.authState(state));
  }

  #chain(ids: Iterable<EventId>): Set<EventId> {
    return reachable(ids, (id) => authEventIds(this.room.get(id)));
  }
}

function reachable(
  from: Iterable<EventId>,
  next: (id: EventId) => readonly EventId[],
): Set<EventId> {
  const seen = new Set<EventId>();
  const todo = [...from];
  for (let id = todo.pop(); id !== undefined; id = todo.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    todo.push(...next(id));
  }
  return seen;
}

/** Runs a check on resolutions of sides that disagree, in random rooms of this version. */
export function forResolutions(version: string, check: (resolution: Resolution) => void): void {
  const sides = fc.array(fc.array(fc.nat(), { minLength: 2, maxLength: 3 }), {
    minLength: RESOLUTIONS_PER_ROOM,
    maxLength: RESOLUTIONS_PER_ROOM,
  });
  fc.assert(
    fc.property(randomRoom(version, 60), sides, (room, picks) => {
      const ids = [...room.events.keys()];
      for (const pick of picks) {
        const chosen = pick.map((n) => ids[n % ids.length] as EventId);
        const resolution = new Resolution(room, chosen);
        if (resolution.conflicted.size > 0) check(resolution);
      }
    }),
    { seed: SEED, numRuns: RUNS },
  );
}
