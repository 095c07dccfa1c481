import type { BoxId } from "../../core/ids.ts";
import type { Timers } from "../../core/ports.ts";
import { covers } from "../../core/vector.ts";
import type { Dot, Vector } from "../../core/vector.ts";
import { ACK_WAITERS_MAX } from "./constants.ts";

/** `reachable`: every box that is connected and not catching up. `one`: any other box. `local`: none. */
export type AckPolicy = "reachable" | "one" | "local";

interface Waiter {
  readonly dot: Dot;
  readonly missing: Set<BoxId>;
  readonly policy: AckPolicy;
  readonly done: () => void;
}

/** Lets a write wait until other boxes have it on disk, for a bounded time. */
export class Acknowledgements {
  readonly #timers: Timers;
  readonly #waitMs: number;
  readonly #policy: AckPolicy;
  readonly #waiters = new Set<Waiter>();

  constructor(timers: Timers, policy: AckPolicy, waitMs: number) {
    this.#timers = timers;
    this.#policy = policy;
    this.#waitMs = waitMs;
  }

  /** Resolves when the policy is met or the time is up: a slow box delays writes, never refuses them. */
  wait(dot: Dot, peers: ReadonlyMap<BoxId, Vector>): Promise<void> {
    if (this.#policy === "local" || this.#waiters.size >= ACK_WAITERS_MAX) return Promise.resolve();
    const missing = new Set<BoxId>();
    for (const [box, vector] of peers) if (!covers(vector, dot)) missing.add(box);
    if (isMet(this.#policy, missing, peers.size)) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        this.#waiters.delete(waiter);
        resolve();
      };
      const waiter: Waiter = { dot, missing, policy: this.#policy, done };
      const timer = this.#timers.after(this.#waitMs, done);
      this.#waiters.add(waiter);
    });
  }

  /** A box has said what it has on disk. */
  heard(box: BoxId, vector: Vector): void {
    for (const waiter of this.#waiters) {
      if (waiter.missing.has(box) && covers(vector, waiter.dot)) settle(waiter, box);
    }
  }

  /** A box cannot be reached any more: nobody waits for it. */
  lost(box: BoxId): void {
    for (const waiter of this.#waiters) {
      waiter.missing.delete(box);
      if (waiter.missing.size === 0) waiter.done();
    }
  }
}

function settle(waiter: Waiter, box: BoxId): void {
  waiter.missing.delete(box);
  if (waiter.policy === "one" || waiter.missing.size === 0) waiter.done();
}

function isMet(policy: AckPolicy, missing: ReadonlySet<BoxId>, peers: number): boolean {
  return missing.size === 0 || (policy === "one" && missing.size < peers);
}
