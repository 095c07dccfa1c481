import type { Timers } from "../../core/ports.ts";
import { millisecondsOf } from "../../core/transaction/records.ts";
import type { Origin } from "../../core/vector.ts";
import { HybridClock } from "../clock/hybrid-clock.ts";
import { pauseBeforeLife } from "../journal/life-pace.ts";
import type { Pause } from "../journal/life-pace.ts";
import {
  latestLife,
  loadPositions,
  newestLife,
  nextLife,
  readClock,
  readVector,
} from "../journal/positions.ts";
import type { Store } from "../store/store.ts";
import type { Member, Transport } from "../transport/transport.ts";
import { greet } from "./greetings.ts";
import type { Greetings } from "./greetings.ts";

export interface ChooseLifeDeps {
  readonly store: Store;
  readonly transport: Transport;
  readonly timers: Timers;
  readonly wallClock: () => number;
  readonly driftMsMax?: number;
  readonly remembered?: readonly Member[];
  readonly hasRemains?: boolean;
}

export interface ChosenLife {
  readonly life: Origin;
  readonly clock: HybridClock;
  readonly greetings: Greetings | undefined;
  /** Nothing is here, and nobody was met who has anything. */
  readonly isLost: boolean;
  /** Before the life may begin. */
  readonly pause: Pause | undefined;
}

/** Meets the other boxes, if there are any, and chooses the life that this box begins next. */
export async function chooseLife(deps: ChooseLifeDeps): Promise<ChosenLife> {
  const { store, transport, wallClock, remembered = [] } = deps;
  const positions = await loadPositions(store);
  const clock = new HybridClock({
    wall: wallClock,
    floor: readClock(store),
    driftMsMax: deps.driftMsMax,
  });
  const isEmpty = positions.size === 0;
  const greetings = await greet({
    ...deps,
    others: remembered.filter(({ box }) => box !== transport.self),
    vector: readVector(store),
    isDoubtful: () => isEmpty || clock.wallState !== "good",
  });
  const isLost = isEmpty && greetings?.hasMet === false && deps.hasRemains !== true;
  // An empty disk has nothing to hold a clock against that is years ahead, the lives of others have.
  const newest = newestLife(greetings?.known() ?? []);
  if (isEmpty && newest > 0) clock.observe(newest);
  // Not the time of the others: a box that has lost its memory must not begin a life before its last.
  const isClockSet = clock.wallState === "good";
  const began = isClockSet ? Math.floor(wallClock()) : millisecondsOf(clock.now());
  const lives = [...positions.keys(), ...(greetings?.lives() ?? [])];
  const life = nextLife(transport.self, lives, began);
  const pause = pauseBeforeLife(store, latestLife(transport.self, lives), wallClock());
  return { life, clock, greetings, isLost, pause };
}
