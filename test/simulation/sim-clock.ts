import type { Timers } from "../../core/ports.ts";

interface Scheduled {
  readonly atMs: number;
  /** Order among those of one moment. */
  readonly order: number;
  readonly run: () => void;
  cancelled: boolean;
}

/** Simulated events of one seed at most; beyond it something turns in circles. */
const EVENTS_MAX = 2_000_000;

/**
 * The one clock of a simulation. Time stands still while code runs and jumps to the next event once
 * every promise has settled that can settle.
 */
export class SimClock {
  nowMs = 0;
  /** Simulated events so far. */
  events = 0;
  readonly #heap: Scheduled[] = [];
  readonly #eventsMax: number;
  #order = 0;

  constructor(eventsMax = EVENTS_MAX) {
    this.#eventsMax = eventsMax;
  }

  after(milliseconds: number, run: () => void): { cancel(): void } {
    const atMs = this.nowMs + Math.max(0, milliseconds);
    const scheduled: Scheduled = { atMs, order: this.#order++, run, cancelled: false };
    this.#push(scheduled);
    return {
      cancel: () => {
        scheduled.cancelled = true;
      },
    };
  }

  sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => this.after(milliseconds, resolve));
  }

  /** Runs events until `done` says so or the time is up; tells whether it was done. */
  async run(untilMs: number, done: () => boolean = () => false): Promise<boolean> {
    await settled();
    while (!done()) {
      const next = this.#pop();
      if (next === undefined || next.atMs > untilMs) {
        if (next) this.#push(next);
        this.nowMs = untilMs;
        return false;
      }
      if (next.cancelled) continue;
      this.nowMs = next.atMs;
      if (++this.events > this.#eventsMax)
        throw new Error("the simulation does not come to an end");
      next.run();
      await settled();
    }
    return true;
  }

  #push(item: Scheduled): void {
    const heap = this.#heap;
    let at = heap.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(item, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = item;
  }

  #pop(): Scheduled | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      const [left, right] = [heap[child], heap[child + 1]];
      if (left === undefined) break;
      if (right !== undefined && isBefore(right, left)) child++;
      const least = heap[child];
      if (least === undefined || !isBefore(least, last)) break;
      heap[at] = least;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Scheduled, b: Scheduled): boolean {
  return a.atMs !== b.atMs ? a.atMs < b.atMs : a.order < b.order;
}

/** Every promise that can settle without a simulated event has: nothing here waits for the machine. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The timers of one life of a box: they stop with it and stand still while it is paused. */
export class BoxTimers implements Timers {
  readonly #clock: SimClock;
  #dead = false;
  #paused: (() => void)[] | undefined;

  constructor(clock: SimClock) {
    this.#clock = clock;
  }

  get isDead(): boolean {
    return this.#dead;
  }

  after(milliseconds: number, run: () => void): { cancel(): void } {
    let cancelled = false;
    const fire = (): void => {
      if (this.#dead || cancelled) return;
      if (this.#paused) this.#paused.push(fire);
      else run();
    };
    const timer = this.#clock.after(milliseconds, fire);
    return {
      cancel: () => {
        cancelled = true;
        timer.cancel();
      },
    };
  }

  elapsed(): number {
    return this.#clock.nowMs;
  }

  /** Holds back whatever would run in the box. */
  pause(): void {
    this.#paused ??= [];
  }

  resume(): void {
    const late = this.#paused ?? [];
    this.#paused = undefined;
    // One after the other, as a machine that wakes up would.
    for (const run of late) this.#clock.after(0, run);
  }

  kill(): void {
    this.#dead = true;
  }
}
