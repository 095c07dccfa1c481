import type { Random, Timers } from "../../core/ports.ts";
import { RETRY_JITTER, RETRY_MS_MAX, RETRY_MS_MIN } from "./constants.ts";
import type { Waiting } from "./waiting.ts";

export interface TargetQueueDeps {
  readonly timers: Timers;
  readonly random: Random;
  /** When more wait the oldest is given up. */
  readonly waitingMax: number;
  /** Waits for a free place among all targets, and runs. */
  readonly inTurn: (work: () => Promise<void>) => Promise<void>;
  /** `skipped`: not to be done here, or not any more. Never rejects. */
  readonly perform: (effect: Waiting) => Promise<"done" | "failed" | "skipped">;
  /** Done, or given up since too much waits. */
  readonly over: (effect: Waiting) => void;
  /** Nothing waits any more. */
  readonly idle: () => void;
}

/** What waits for one target, in order, one at a time; a target that fails is left alone for a while. */
export class TargetQueue {
  readonly #deps: TargetQueueDeps;
  readonly #waiting: Waiting[] = [];
  #failures = 0;
  #running = false;
  #retry: { cancel(): void } | undefined;
  #stopped = false;

  constructor(deps: TargetQueueDeps) {
    this.#deps = deps;
  }

  get isFailing(): boolean {
    return this.#failures > 0;
  }

  get length(): number {
    return this.#waiting.length;
  }

  add(effect: Waiting): void {
    this.#waiting.push(effect);
    if (this.#waiting.length > this.#deps.waitingMax) this.giveUpOldest();
    this.#run();
  }

  /** Leaves the first one, which may be under way. */
  giveUpOldest(): void {
    const [oldest] = this.#waiting.splice(1, 1);
    if (oldest) this.#deps.over(oldest);
  }

  stop(): void {
    this.#stopped = true;
    this.#retry?.cancel();
  }

  #run(): void {
    if (this.#running || this.#stopped || this.#retry) return;
    if (this.#waiting.length === 0) return this.#deps.idle();
    this.#running = true;
    void this.#deps
      .inTurn(() => this.#next())
      .finally(() => {
        this.#running = false;
        this.#run();
      });
  }

  async #next(): Promise<void> {
    const [effect] = this.#waiting;
    if (!effect || this.#stopped) return;
    const outcome = await this.#deps.perform(effect);
    if (outcome === "failed") return this.#waitAWhile();
    this.#waiting.shift();
    if (outcome === "skipped") return;
    this.#failures = 0;
    this.#deps.over(effect);
  }

  #waitAWhile(): void {
    if (this.#stopped) return;
    const full = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** Math.min(this.#failures, 20));
    const [chance = 0] = this.#deps.random.bytes(1);
    this.#failures++;
    this.#retry = this.#deps.timers.after(full * (1 - (RETRY_JITTER * chance) / 256), () => {
      this.#retry = undefined;
      this.#run();
    });
  }
}
