import { expect, test } from "vitest";
import { Prng } from "./prng.ts";
import { simulate } from "./simulate.ts";

/** Other tests may run on the same cores, milliseconds. */
const TIMEOUT_MS = 60_000;

test("the same seed gives the same run, to the last event", { timeout: TIMEOUT_MS }, async () => {
  for (const seed of ["3", "7", "12"]) {
    const [first, second] = [await simulate(seed), await simulate(seed)];
    expect(second.hash).toBe(first.hash);
    expect(second.events).toBe(first.events);
  }
});

test("another seed gives another run", { timeout: TIMEOUT_MS }, async () => {
  expect((await simulate("1")).hash).not.toBe((await simulate("2")).hash);
});

test("numbers drawn from a fork do not change those of its parent", () => {
  const [one, other] = [new Prng("seed"), new Prng("seed")];
  one.fork("child").next();
  expect(one.next()).toBe(other.next());
  expect(one.fork("child").bytes(8)).toEqual(other.fork("child").bytes(8));
});
