import { HYBRID_TICKS_PER_MS, millisecondsOf } from "../../core/transaction/records.ts";
import type { HybridTime } from "../../core/transaction/records.ts";

/** 2025-01-01. A Pi without a clock battery boots before it: its clock is not set yet. */
export const CLOCK_SET_FROM_MS = Date.UTC(2025, 0, 1);
/** How far ahead of the wall clock another box may be. Home clocks on NTP differ by milliseconds. */
export const DRIFT_MS_MAX = 5 * 60_000;
/**
 * How far the wall clock, or a peer while it is not set, may be ahead of what is known: a box that lay
 * in a drawer for years is followed, a clock ten years ahead is not.
 */
export const LEAP_MS_MAX = 5 * 365 * 24 * 3_600_000;

/** A wall clock that is not believed and moves on by more than this was set, and time did not pass. */
export const PACE_MS_MAX = 24 * 3_600_000;

export interface HybridClockOptions {
  /** Milliseconds since 1970, as the machine has it: it may be unset, leap and go back. */
  readonly wall: () => number;
  /** The greatest time in the store; nothing at or before it is handed out again. */
  readonly floor?: HybridTime | undefined;
  /** `DRIFT_MS_MAX` unless the owner says otherwise. */
  readonly driftMsMax?: number | undefined;
}

/**
 * A hybrid logical clock: the wall clock where it can be believed, never back, always after what was
 * observed. While the wall clock is unset or has leapt, time goes on from the newest known one, at the
 * pace of the wall clock.
 */
export class HybridClock {
  readonly #wall: () => number;
  readonly #driftMsMax: number;
  #last: HybridTime | undefined;
  /** The last reading while the wall clock is not believed, and what time it was taken for. */
  #anchor: { readonly wallMs: number; readonly ms: number } | undefined;

  constructor(options: HybridClockOptions) {
    this.#wall = options.wall;
    this.#driftMsMax = options.driftMsMax ?? DRIFT_MS_MAX;
    this.#last = options.floor;
  }

  /** - `unset`: from before this software was written; `leapt`: years ahead of all that is known. */
  get wallState(): "good" | "unset" | "leapt" {
    return this.#stateOf(this.#wall());
  }

  /** A time after all that were handed out or observed. */
  now(): HybridTime {
    const physical = this.#physicalMs() * HYBRID_TICKS_PER_MS;
    const next = this.#last === undefined ? physical : Math.max(physical, this.#last + 1);
    this.#last = next as HybridTime;
    return this.#last;
  }

  /**
   * Takes notice of a time from another box, so that what is made here comes after it. False: it is too
   * far ahead, nothing was changed, and what carries it should wait or be refused.
   */
  observe(time: HybridTime): boolean {
    if (!Number.isSafeInteger(time) || time < 0) return false;
    // What was reached once is not the future, wherever the wall clock went since.
    if (this.#last !== undefined && time <= this.#last) return true;
    if (millisecondsOf(time) > this.#ceilingMs()) return false;
    this.#last = time;
    this.#anchor = undefined;
    return true;
  }

  #ceilingMs(): number {
    const wallMs = this.#wall();
    if (this.#stateOf(wallMs) === "good") return wallMs + this.#driftMsMax;
    return this.#knownMs() + LEAP_MS_MAX;
  }

  #knownMs(): number {
    return this.#last === undefined ? CLOCK_SET_FROM_MS : millisecondsOf(this.#last);
  }

  #stateOf(wallMs: number): "good" | "unset" | "leapt" {
    if (!(wallMs >= CLOCK_SET_FROM_MS)) return "unset";
    return this.#last !== undefined && wallMs > this.#knownMs() + LEAP_MS_MAX ? "leapt" : "good";
  }

  #physicalMs(): number {
    const wallMs = Math.floor(this.#wall());
    if (this.#stateOf(wallMs) === "good") {
      this.#anchor = undefined;
      return wallMs;
    }
    const { wallMs: before, ms } = this.#anchor ?? { wallMs, ms: this.#knownMs() };
    const stepMs = wallMs - before;
    this.#anchor = { wallMs, ms: stepMs >= 0 && stepMs <= PACE_MS_MAX ? ms + stepMs : ms };
    return this.#anchor.ms;
  }
}
