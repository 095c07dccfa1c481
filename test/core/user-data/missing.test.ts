import { expect, test } from "vitest";
import { forbidden, notFound } from "../../../core/errors.ts";
import type { Timers } from "../../../core/ports.ts";
import { unlessBehind } from "../../../core/user-data/missing.ts";

/** Timers that fire at once and count what was waited for. */
function box(caughtUpAfterMs: number): {
  isCaughtUp: () => boolean;
  timers: Timers;
  waitedMs: () => number;
} {
  let waited = 0;
  const timers: Timers = {
    after(ms, run) {
      waited += ms;
      queueMicrotask(run);
      return { cancel: () => undefined };
    },
    elapsed: () => waited,
  };
  return { isCaughtUp: () => waited >= caughtUpAfterMs, timers, waitedMs: () => waited };
}
const missing = (): never => {
  throw notFound("nothing here");
};

test("what is there is returned at once, on a box that is behind too", async () => {
  const behind = box(Infinity);
  expect(await unlessBehind(behind, () => 5)).toBe(5);
  expect(behind.waitedMs()).toBe(0);
});

test("a box that has all answers 404 at once", async () => {
  const whole = box(0);
  await expect(unlessBehind(whole, missing)).rejects.toMatchObject({ status: 404 });
  expect(whole.waitedMs()).toBe(0);
});

test("a box that is behind finds what arrives meanwhile", async () => {
  const behind = box(Infinity);
  const read = (): number => (behind.waitedMs() < 100 ? missing() : 7);
  expect(await unlessBehind(behind, read)).toBe(7);
});

test("a box that catches up says 404, one that does not says 503", async () => {
  await expect(unlessBehind(box(300), missing)).rejects.toMatchObject({ status: 404 });
  await expect(unlessBehind(box(Infinity), missing)).rejects.toMatchObject({ status: 503 });
});

test("other errors pass as they are", async () => {
  const read = (): never => {
    throw forbidden("no");
  };
  await expect(unlessBehind(box(Infinity), read)).rejects.toMatchObject({ status: 403 });
});
