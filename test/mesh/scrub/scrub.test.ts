import { describe, expect, it } from "vitest";
import { READ_BYTES } from "../../../mesh/scrub/constants.ts";
import { Scrub } from "../../../mesh/scrub/scrub.ts";
import { QUIET } from "../../support/box-on-disk.ts";
import { FakeTimers } from "../transport/fake-timers.ts";

const PACE = { firstMs: 600_000, intervalMs: 86_400_000, bytesPerS: READ_BYTES };
const PIECES = 10;

function scrubbing(pass: () => AsyncIterable<number>, pace = PACE) {
  const timers = new FakeTimers();
  let ends = 0;
  const scrub = new Scrub({ pass, done: () => void ends++, pace, timers, logger: QUIET });
  scrub.start();
  return { timers, scrub, ends: () => ends };
}

/** Counts what was read. */
function disk() {
  const read = { bytes: 0, passes: 0 };
  async function* pass(): AsyncGenerator<number> {
    read.passes++;
    for (let i = 0; i < PIECES; i++) {
      read.bytes += READ_BYTES / 2;
      yield READ_BYTES / 2;
    }
  }
  return { read, pass };
}

describe("reading all that is on a disk", () => {
  it("begins some time after the start, never reads faster than it may, and rests for long", async () => {
    const { read, pass } = disk();
    const { timers, ends } = scrubbing(pass);
    await timers.advance(PACE.firstMs - 1);
    expect(read.bytes).toBe(0);
    await timers.advance(1);
    for (let seconds = 1; seconds < PIECES / 2; seconds++) {
      expect(read.bytes).toBeLessThanOrEqual(seconds * READ_BYTES);
      expect(ends()).toBe(0);
      await timers.advance(1000);
    }
    await timers.advance(2000);
    expect([read.bytes, read.passes, ends()]).toEqual([(PIECES * READ_BYTES) / 2, 1, 1]);
    await timers.advance(PACE.intervalMs - 5000);
    expect(read.passes).toBe(1);
    await timers.advance(5000);
    expect(read.passes).toBe(2);
  });

  it("begins at once where it comes round faster than it would begin", async () => {
    const { read, pass } = disk();
    const { timers } = scrubbing(pass, { ...PACE, intervalMs: 1000 });
    await timers.advance(1000);
    expect(read.passes).toBe(1);
  });

  it("stops in the middle, and says nothing of a pass that it did not end", async () => {
    const { read, pass } = disk();
    const { timers, scrub, ends } = scrubbing(pass);
    await timers.advance(PACE.firstMs + 1000);
    const before = read.bytes;
    await scrub.stop();
    await timers.advance(PACE.intervalMs * 2);
    expect([read.bytes, read.passes, ends(), timers.waiting]).toEqual([before, 1, 0, 0]);
  });

  it("is tried again at its next time when it broke off", async () => {
    let passes = 0;
    const { timers, ends } = scrubbing(async function* pass() {
      yield 1;
      if (passes++ === 0) throw new Error("something else");
    });
    await timers.advance(PACE.firstMs + PACE.intervalMs);
    expect([passes, ends()]).toEqual([2, 1]);
  });
});
