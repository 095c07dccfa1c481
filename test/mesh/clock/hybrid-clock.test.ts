import { beforeEach, describe, expect, it } from "vitest";
import { HYBRID_TICKS_PER_MS, millisecondsOf } from "../../../core/transaction/records.ts";
import type { HybridTime } from "../../../core/transaction/records.ts";
import {
  CLOCK_SET_FROM_MS,
  DRIFT_MS_MAX,
  HybridClock,
  LEAP_MS_MAX,
} from "../../../mesh/clock/hybrid-clock.ts";

const NOW_MS = Date.UTC(2026, 6, 1);
const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;
const at = (ms: number): HybridTime => (ms * HYBRID_TICKS_PER_MS) as HybridTime;

let wallMs: number;
const wall = (): number => wallMs;
beforeEach(() => {
  wallMs = NOW_MS;
});

describe("a good wall clock", () => {
  it("is followed, and each time is after the one before", () => {
    const clock = new HybridClock({ wall });
    const first = clock.now();
    const second = clock.now();
    expect(millisecondsOf(first)).toBe(NOW_MS);
    expect(second).toBe(first + 1);
    wallMs += 5;
    expect(clock.now()).toBe(at(NOW_MS + 5));
    expect(clock.wallState).toBe("good");
  });

  it("that goes back an hour does not take the time back", () => {
    const clock = new HybridClock({ wall });
    const first = clock.now();
    wallMs -= HOUR_MS;
    const second = clock.now();
    expect(second).toBe(first + 1);
    wallMs += 2 * HOUR_MS;
    expect(clock.now()).toBe(at(wallMs));
  });

  it("more than a counter's worth of times in one millisecond still grow", () => {
    const clock = new HybridClock({ wall });
    let last = clock.now();
    for (let i = 0; i < 3 * HYBRID_TICKS_PER_MS; i++) {
      const next = clock.now();
      expect(next).toBeGreaterThan(last);
      last = next;
    }
    expect(millisecondsOf(last)).toBe(NOW_MS + 3);
  });

  it("continues after the floor of an earlier life", () => {
    const clock = new HybridClock({ wall, floor: at(NOW_MS + 60_000) });
    expect(clock.now()).toBe(at(NOW_MS + 60_000) + 1);
  });
});

describe("times of other boxes", () => {
  it("are taken up to the newest known one, wherever the wall clock goes back to", () => {
    const clock = new HybridClock({ wall, floor: at(NOW_MS) });
    wallMs = NOW_MS - HOUR_MS;
    expect(clock.observe(at(NOW_MS))).toBe(true);
    expect(clock.observe((at(NOW_MS) + 1) as HybridTime)).toBe(false);
    expect(clock.now()).toBe(at(NOW_MS) + 1);
  });

  it("push the clock forward up to the allowed drift", () => {
    const clock = new HybridClock({ wall });
    const ahead = at(NOW_MS + DRIFT_MS_MAX);
    expect(clock.observe(ahead)).toBe(true);
    expect(clock.now()).toBe(ahead + 1);
    expect(clock.observe(at(NOW_MS))).toBe(true);
    expect(clock.now()).toBe(ahead + 2);
  });

  it("are refused beyond it, and change nothing", () => {
    const clock = new HybridClock({ wall });
    expect(clock.observe(at(NOW_MS + DRIFT_MS_MAX + 1))).toBe(false);
    expect(clock.now()).toBe(at(NOW_MS));
  });

  it("are refused when they are no times", () => {
    const clock = new HybridClock({ wall });
    for (const bad of [-1, 0.5, Number.NaN, Infinity, 2 ** 60]) {
      expect(clock.observe(bad as HybridTime)).toBe(false);
    }
  });
});

describe("a clock that is not set", () => {
  beforeEach(() => {
    wallMs = 5000;
  });

  it("goes on from the floor at the pace of the wall clock", () => {
    const clock = new HybridClock({ wall, floor: at(NOW_MS) });
    expect(clock.wallState).toBe("unset");
    expect(clock.now()).toBe(at(NOW_MS) + 1);
    wallMs += 1000;
    expect(clock.now()).toBe(at(NOW_MS + 1000));
  });

  it("takes the time from a peer, within reason", () => {
    const clock = new HybridClock({ wall });
    expect(clock.observe(at(CLOCK_SET_FROM_MS + LEAP_MS_MAX + 1))).toBe(false);
    expect(clock.now()).toBe(at(CLOCK_SET_FROM_MS));
    expect(clock.observe(at(NOW_MS))).toBe(true);
    expect(clock.now()).toBe(at(NOW_MS) + 1);
    wallMs += 1000;
    expect(millisecondsOf(clock.now())).toBe(NOW_MS + 1000);
  });

  it("is followed as soon as it is set", () => {
    const clock = new HybridClock({ wall, floor: at(NOW_MS) });
    clock.now();
    wallMs = NOW_MS + HOUR_MS;
    expect(clock.now()).toBe(at(NOW_MS + HOUR_MS));
    expect(clock.wallState).toBe("good");
  });
});

describe("a clock in the far future", () => {
  it("is not followed, and followed again when it is right", () => {
    const clock = new HybridClock({ wall });
    clock.now();
    wallMs = NOW_MS + 10 * YEAR_MS;
    expect(clock.wallState).toBe("leapt");
    expect(millisecondsOf(clock.now())).toBe(NOW_MS);
    wallMs += 500;
    expect(millisecondsOf(clock.now())).toBe(NOW_MS + 500);
    wallMs = NOW_MS + HOUR_MS;
    expect(clock.now()).toBe(at(NOW_MS + HOUR_MS));
  });

  it("is not followed from an old floor either, but two years of absence are", () => {
    const floor = at(NOW_MS);
    wallMs = NOW_MS + 10 * YEAR_MS;
    expect(millisecondsOf(new HybridClock({ wall, floor }).now())).toBe(NOW_MS);
    wallMs = NOW_MS + 2 * YEAR_MS;
    expect(millisecondsOf(new HybridClock({ wall, floor }).now())).toBe(wallMs);
  });

  it("does not carry time along when it was unset before", () => {
    wallMs = 0;
    const clock = new HybridClock({ wall, floor: at(NOW_MS) });
    expect(millisecondsOf(clock.now())).toBe(NOW_MS);
    wallMs = NOW_MS + 10 * YEAR_MS;
    expect(clock.wallState).toBe("leapt");
    expect(millisecondsOf(clock.now())).toBe(NOW_MS);
    wallMs += 500;
    expect(millisecondsOf(clock.now())).toBe(NOW_MS + 500);
  });
});
