import { describe, expect, test } from "vitest";
import type { BoxId } from "../../../core/ids.ts";
import { LINK_STABLE_MS, REDIAL_MAX_MS } from "../../../mesh/transport/constants.ts";
import { Redialer } from "../../../mesh/transport/redialer.ts";
import { FakeTimers } from "./fake-timers.ts";
import { recordingLogger } from "./support.ts";

const BOX = "aaaaaaaa" as BoxId;

/** A redialer whose dials fail until told otherwise, with the longest jitter. */
function setUp(jitterByte = 255) {
  const timers = new FakeTimers();
  const dials: number[] = [];
  let outcome: () => Promise<void> = () => Promise.reject(new Error("unreachable"));
  const redialer = new Redialer({
    timers,
    random: { bytes: () => Uint8Array.of(jitterByte) },
    logger: recordingLogger(),
    dial: () => {
      dials.push(timers.elapsed());
      return outcome();
    },
  });
  const setOutcome = (next: () => Promise<void>): void => void (outcome = next);
  return { timers, dials, redialer, setOutcome };
}

describe("the redialer", () => {
  test("dials at once, then waits 1 s, 2 s, 4 s … and at most 30 s, for ever", async () => {
    const { timers, dials, redialer } = setUp();
    redialer.resume();
    redialer.want(BOX);
    await timers.advance(3_600_000);
    const waits = dials.slice(1).map((at, index) => at - (dials[index] ?? 0));
    expect(dials[0]).toBe(0);
    expect(waits.slice(0, 6)).toEqual([1000, 2000, 4000, 8000, 16_000, REDIAL_MAX_MS]);
    expect(waits.at(-1)).toBe(REDIAL_MAX_MS);
  });

  test("spreads the waits: the least jitter halves them", async () => {
    const { timers, dials, redialer } = setUp(0);
    redialer.resume();
    redialer.want(BOX);
    await timers.advance(1600);
    expect(dials).toEqual([0, 500, 1500]);
  });

  test("dials at once when kicked, and starts the waits again", async () => {
    const { timers, dials, redialer } = setUp();
    redialer.resume();
    redialer.want(BOX);
    await timers.advance(20_000);
    dials.length = 0;
    redialer.kick(BOX);
    await timers.advance(3_500);
    expect(dials).toEqual([20_000, 21_000, 23_000]);
  });

  test("a kick during a dial dials again right after it", async () => {
    const { timers, dials, redialer, setOutcome } = setUp();
    let fail: (error: Error) => void = () => {};
    setOutcome(() => new Promise((_, reject) => (fail = reject)));
    redialer.resume();
    redialer.want(BOX);
    redialer.kick(BOX);
    expect(dials).toHaveLength(1);
    fail(new Error("unreachable"));
    await timers.advance(0);
    expect(dials).toHaveLength(2);
  });

  test("rests while linked, and redials after a second when the link is lost", async () => {
    const { timers, dials, redialer, setOutcome } = setUp();
    setOutcome(() => {
      redialer.linked(BOX);
      return Promise.resolve();
    });
    redialer.resume();
    redialer.want(BOX);
    await timers.advance(LINK_STABLE_MS);
    redialer.kickAll();
    await timers.advance(LINK_STABLE_MS);
    expect(dials).toEqual([0]);
    redialer.lost(BOX);
    await timers.advance(1000);
    expect(dials).toEqual([0, 2 * LINK_STABLE_MS + 1000]);
  });

  test("waits longer each time for a link that never lasts", async () => {
    const { timers, dials, redialer, setOutcome } = setUp();
    setOutcome(() => {
      redialer.linked(BOX);
      redialer.lost(BOX);
      return Promise.resolve();
    });
    redialer.resume();
    redialer.want(BOX);
    await timers.advance(8_000);
    expect(dials).toEqual([0, 1000, 3000, 7000]);
  });

  test("is silent while paused and dials everyone when resumed", async () => {
    const { timers, dials, redialer } = setUp();
    redialer.resume();
    redialer.want(BOX);
    await timers.advance(500);
    redialer.pause();
    await timers.advance(100_000);
    expect(dials).toEqual([0]);
    redialer.resume();
    expect(dials).toEqual([0, 100_500]);
  });

  test("forgets a member for good", async () => {
    const { timers, dials, redialer } = setUp();
    redialer.resume();
    redialer.want(BOX);
    await timers.advance(0);
    redialer.forget(BOX);
    redialer.kick(BOX);
    redialer.lost(BOX);
    await timers.advance(100_000);
    expect(dials).toEqual([0]);
    expect(timers.waiting).toBe(0);
  });
});
