import type { BoxId } from "../../core/ids.ts";
import type { EffectLane } from "../../core/ports.ts";
import { NOTIFICATIONS_KEPT_MS, NOTIFICATIONS_WAITING_MAX } from "../../core/push/constants.ts";
import { pusherField, PUSHERS } from "../../core/push/pusher-index.ts";
import type { Services } from "../../core/services.ts";
import type { DocId, Effect } from "../../core/transaction/records.ts";
import type { Prng } from "./prng.ts";
import type { BoxTimers, SimClock } from "./sim-clock.ts";

const LISTENER: DocId = "user:@listener:hearth.test" as DocId;
/** Whom every effect must reach. */
export const TARGETS: readonly string[] = ["phone", "tablet"];
/** Milliseconds that a request takes on its way there, and as much again back: a target that is well keeps up. */
const WAY_MS = [1, 100] as const;

/** Something that a box did outside of the mesh. */
export interface Deed {
  readonly what: string;
  readonly target: string;
  readonly box: BoxId;
  readonly atMs: number;
}

/** A name for an effect; of badges there are many with one name. */
export function nameOfEffect(effect: Effect): string {
  return "event" in effect ? effect.event : effect.badge;
}

/** The world outside: it notes what boxes do to it, and refuses now and then. */
export class EffectSink {
  readonly deeds: Deed[] = [];
  /** Share of requests that fail, by target. */
  readonly failures = new Map<string, number>();
  /** Breaks what boxes do, to prove that it would be noticed. */
  sabotage: (lane: EffectLane) => EffectLane = (lane) => lane;
  readonly #clock: SimClock;
  readonly #prng: Prng;

  /** `fails`: share of requests to the first target that fail. */
  constructor(clock: SimClock, prng: Prng, fails: number) {
    this.#clock = clock;
    this.#prng = prng;
    const [first] = TARGETS;
    if (first !== undefined) this.failures.set(first, fails);
  }

  /** What one life of a box does. */
  laneOf(box: BoxId, timers: BoxTimers): EffectLane {
    const pause = (): Promise<void> =>
      new Promise((resolve) => void timers.after(this.#prng.between(...WAY_MS), resolve));
    return this.sabotage({
      name: "push",
      keptMs: NOTIFICATIONS_KEPT_MS,
      waitingMax: NOTIFICATIONS_WAITING_MAX,
      targetsOf: () => Promise.resolve(TARGETS),
      perform: async (target, effect) => {
        await pause();
        if (this.#prng.chance(this.failures.get(target) ?? 0)) return "failed";
        this.deeds.push({ what: nameOfEffect(effect), target, box, atMs: this.#clock.nowMs });
        await pause();
        return "done";
      },
    });
  }

  /** How often an effect reached a target. */
  count(what: string, target: string): number {
    return this.of(what, target).length;
  }

  of(what: string, target: string): Deed[] {
    return this.deeds.filter((deed) => deed.what === what && deed.target === target);
  }
}

/** Somebody wants to be told: from here on transactions name their effects. */
export function askForEffects({ runner }: Pick<Services, "runner">): Promise<void> {
  return runner.run((draft) => {
    draft.setField(LISTENER, PUSHERS, pusherField("app", "key"), true);
  }, undefined);
}
