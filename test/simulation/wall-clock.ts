import { incarnationOf } from "../../core/vector.ts";
import type { Origin } from "../../core/vector.ts";
import type { SimClock } from "./sim-clock.ts";

/** 2026-01-01, when every simulation begins. */
export const EPOCH_MS = Date.UTC(2026, 0, 1);
/** Clocks that are off by more are taken for broken. */
const BELIEVED_MS_MAX = 365 * 24 * 3_600_000;
/** To 1976. */
const LOST_MS = -50 * 365 * 24 * 3_600_000;

/** The clock of a machine, which may be wrong, and whoever sets it. */
export class WallClock {
  offsetMs: number;
  readonly #true: SimClock;
  /** The greatest offset that was believed. */
  #latestOffsetMs = 0;
  #latestLife = 0;

  constructor(clock: SimClock, offsetMs: number) {
    this.#true = clock;
    this.offsetMs = offsetMs;
  }

  now(): number {
    return EPOCH_MS + this.#true.nowMs + this.offsetMs;
  }

  /** As after a power cut in a machine without a clock battery. */
  lose(): void {
    this.offsetMs = LOST_MS;
  }

  /** The box is switched on. */
  noteStart(): void {
    if (this.#isBelieved) this.#latestOffsetMs = Math.max(this.#latestOffsetMs, this.offsetMs);
  }

  /** Whoever makes a mesh on an empty disk looks at the clock first. */
  check(): void {
    if (!this.#isBelieved) this.offsetMs = this.#latestOffsetMs;
  }

  /**
   * A box that has lost its memory is known to others by its lives: a new one must be later. Where no
   * other one can tell, its owner sets the clock before it begins one.
   */
  checkLife(life: Origin): void {
    const born = incarnationOf(life);
    if (born <= this.#latestLife) {
      const neededMs = this.#latestLife + 1 - EPOCH_MS - this.#true.nowMs;
      this.offsetMs = Math.max(this.#latestOffsetMs, neededMs);
      throw new Error("its owner sets the clock first");
    }
    // What was made under a clock that is years ahead is refused by the others, its life with it.
    if (born < EPOCH_MS + BELIEVED_MS_MAX) this.#latestLife = born;
  }

  get #isBelieved(): boolean {
    return Math.abs(this.offsetMs) < BELIEVED_MS_MAX;
  }
}
