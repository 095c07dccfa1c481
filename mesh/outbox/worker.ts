import type { EffectLane, Logger, Random, Timers } from "../../core/ports.ts";
import { millisecondsOf } from "../../core/transaction/records.ts";
import type { HybridTime, SettledRecord } from "../../core/transaction/records.ts";
import type { Origin } from "../../core/vector.ts";
import { IN_HAND_MAX, STOP_GRACE_MS, TARGETS_AT_ONCE_MAX } from "./constants.ts";
import type { Settlements } from "./settlements.ts";
import { TargetQueue } from "./target-queue.ts";
import { Turns } from "./turns.ts";
import { nameOf, outcomesOf, owedByBoth } from "./waiting.ts";
import type { PlaceName, Waiting } from "./waiting.ts";

export interface WorkerDeps {
  readonly lane: EffectLane;
  readonly timers: Timers;
  readonly random: Random;
  readonly logger: Logger;
  readonly now: () => HybridTime;
  /** Is it still this box's turn to do what this origin began? */
  readonly isOurs: (origin: Origin) => boolean;
  readonly settlements: Pick<Settlements, "get" | "note">;
}

/** An effect that this box is busy with, and whom it has not reached. */
interface InHand {
  readonly effect: Waiting;
  /** Nobody else may have to be reached; undefined: whomever the lane names. */
  only: readonly string[] | undefined;
  readonly left: Set<string>;
  /** How many were left when the others were last told; 0 while it is not known who they are. */
  told: number;
}

/** No other targets than these are to be reached any more. */
function narrow(inHand: InHand, owedTo: readonly string[]): void {
  inHand.only = owedByBoth(inHand.only, owedTo);
  for (const target of inHand.left) if (!owedTo.includes(target)) inHand.left.delete(target);
}

/** Is nobody left, of those who are known by now? */
function isOver({ left, told }: InHand): boolean {
  return told > 0 && left.size === 0;
}

/** Does the effects of a lane: finds out whom each must reach, and tries until all are reached or it is too late. */
export class Worker {
  readonly #deps: WorkerDeps;
  readonly #hand = new Map<PlaceName, InHand>();
  readonly #queues = new Map<string, TargetQueue>();
  readonly #turns = new Turns(TARGETS_AT_ONCE_MAX);
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #abort = new AbortController();
  #planning: Promise<void> = Promise.resolve();
  #hasTurnedAway = false;
  #stopped = false;

  constructor(deps: WorkerDeps) {
    this.#deps = deps;
  }

  /** Was something not taken, and is there room for it now? Asking forgets it. */
  takeMore(): boolean {
    if (!this.#hasTurnedAway || this.#hand.size > IN_HAND_MAX / 2) return false;
    this.#hasTurnedAway = false;
    return true;
  }

  /** Takes an effect in hand, unless it is there or over. */
  take(effect: Waiting): void {
    const name = nameOf(effect);
    if (this.#stopped || this.#hand.has(name)) return;
    const only = owedByBoth(effect.only, this.#deps.settlements.get(name)?.owedTo);
    if (only?.length === 0 || this.#isTooOld(effect)) {
      return this.#deps.settlements.note({ effect, owedTo: [] });
    }
    if (this.#hand.size >= IN_HAND_MAX) this.#makeRoom();
    if (this.#hand.size >= IN_HAND_MAX) {
      this.#hasTurnedAway = true;
      return;
    }
    const inHand: InHand = { effect, only, left: new Set(), told: 0 };
    this.#hand.set(name, inHand);
    // One after the other, so that each target is told in the order in which things happened.
    this.#planning = this.#planning.then(() => this.#plan(name, inHand));
  }

  /** Somebody else has done what this box is busy with, or a part of it. */
  letGo(record: SettledRecord): void {
    for (const { effect, owedTo } of outcomesOf(record)) {
      const name = nameOf(effect);
      const inHand = this.#hand.get(name);
      if (!inHand) continue;
      if (owedTo.length === 0) {
        this.#hand.delete(name);
        continue;
      }
      narrow(inHand, owedTo);
      // This box has reached those to whom the other one still owes it.
      if (isOver(inHand)) this.#finish(inHand.effect);
    }
  }

  /** Begins nothing any more; resolves when what is under way has ended, or was broken off. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const queue of this.#queues.values()) queue.stop();
    const timer = this.#deps.timers.after(STOP_GRACE_MS, () => this.#abort.abort());
    await Promise.allSettled(this.#underWay);
    timer.cancel();
    for (const inHand of this.#hand.values()) this.#tellOwed(inHand);
  }

  #isTooOld({ time }: Waiting): boolean {
    const { lane, now } = this.#deps;
    return millisecondsOf(now()) - millisecondsOf(time) > lane.keptMs;
  }

  /** Targets that fail hold no more than half of what is in hand: the longest queue gives up its oldest. */
  #makeRoom(): void {
    if (this.#deps.lane.waitingMax === Infinity) return;
    const failing = [...this.#queues.values()].filter(({ isFailing }) => isFailing);
    let held = failing.reduce((sum, { length }) => sum + length, 0);
    for (; this.#hand.size >= IN_HAND_MAX && held > IN_HAND_MAX / 2; held--) {
      const longest = failing.reduce((a, b) => (b.length > a.length ? b : a));
      longest.giveUpOldest();
    }
  }

  async #plan(name: PlaceName, inHand: InHand): Promise<void> {
    const { effect, left } = inHand;
    if (this.#stopped || this.#hand.get(name) !== inHand) return;
    try {
      const targets = await this.#deps.lane.targetsOf(effect.effect);
      for (const target of targets) if (inHand.only?.includes(target) ?? true) left.add(target);
    } catch (error) {
      this.#deps.logger.warn({ err: error }, "could not find out whom to tell");
      this.#hand.delete(name);
      this.#hasTurnedAway = true;
      return;
    }
    if (this.#hand.get(name) !== inHand) return;
    inHand.told = left.size;
    if (left.size === 0) return this.#finish(effect);
    for (const target of left) this.#queueOf(target).add(effect);
  }

  #queueOf(target: string): TargetQueue {
    let queue = this.#queues.get(target);
    if (!queue) {
      const { timers, random, lane } = this.#deps;
      queue = new TargetQueue({
        timers,
        random,
        waitingMax: lane.waitingMax,
        inTurn: (work) => this.#turns.run(work),
        perform: (effect) => this.#perform(target, effect),
        over: (effect) => this.#over(target, effect),
        idle: () => this.#queues.delete(target),
      });
      this.#queues.set(target, queue);
    }
    return queue;
  }

  async #perform(target: string, effect: Waiting): Promise<"done" | "failed" | "skipped"> {
    const name = nameOf(effect);
    const inHand = this.#hand.get(name);
    if (this.#stopped || !inHand?.left.has(target)) return "skipped";
    if (!this.#deps.isOurs(effect.origin)) {
      this.#tellOwed(inHand);
      this.#hand.delete(name);
      return "skipped";
    }
    if (this.#isTooOld(effect)) return "done";
    const work = this.#try(target, inHand);
    this.#underWay.add(work);
    try {
      return await work;
    } finally {
      this.#underWay.delete(work);
    }
  }

  async #try(target: string, inHand: InHand): Promise<"done" | "failed"> {
    const { lane } = this.#deps;
    try {
      const outcome = await lane.perform(target, inHand.effect.effect, this.#abort.signal);
      if (outcome === "failed") this.#tellOwed(inHand);
      else this.#reached(target, inHand);
      return outcome;
    } catch (error) {
      this.#deps.logger.warn({ target, err: error }, "an effect could not be tried");
      return "failed";
    }
  }

  #over(target: string, effect: Waiting): void {
    const inHand = this.#hand.get(nameOf(effect));
    if (inHand) this.#reached(target, inHand);
  }

  #reached(target: string, inHand: InHand): void {
    const { effect, left } = inHand;
    if (!left.delete(target)) return;
    const now = this.#hand.get(nameOf(effect));
    // The turn ended, and perhaps began again, while the target was being reached.
    if (now && now !== inHand) narrow(now, [...left]);
    if (left.size === 0 || (now && isOver(now))) return this.#finish(effect);
    const isFailing = (other: string): boolean => this.#queues.get(other)?.isFailing === true;
    if (now !== inHand || [...left].some(isFailing)) this.#tellOwed(inHand);
  }

  #finish(effect: Waiting): void {
    this.#hand.delete(nameOf(effect));
    this.#deps.settlements.note({ effect, owedTo: [] });
  }

  /** Whoever takes over need not repeat what was done, while some targets cannot be reached. */
  #tellOwed(inHand: InHand): void {
    const { effect, left } = inHand;
    if (left.size >= inHand.told) return;
    inHand.told = left.size;
    this.#deps.settlements.note({ effect, owedTo: [...left] });
  }
}
