import { expect, test } from "vitest";
import { longSeed } from "./options.ts";
import { simulate } from "./simulate.ts";

/** Seeds of one test: enough to be quick to name, few enough for a time limit. */
const SEEDS_AT_ONCE = 10;
/** Other tests may run on the same cores, milliseconds. */
const TIMEOUT_MS = 90_000;

/** Runs the long seeds from one to another. A seed that fails is named by the line that replays it. */
export function smoke(from: number, to: number): void {
  for (let first = from; first <= to; first += SEEDS_AT_ONCE) {
    const last = Math.min(to, first + SEEDS_AT_ONCE - 1);
    test(
      `nothing is lost in the long seeds ${first} to ${last}`,
      { timeout: TIMEOUT_MS },
      async () => {
        for (let seed = first; seed <= last; seed++) await expectRight(longSeed(seed));
      },
    );
  }
}

export async function expectRight(seed: string): Promise<void> {
  const { violations, options, operations, faults } = await simulate(seed);
  const story = violations.map(({ rule, what }) => `${rule}: ${what.slice(0, 500)}`);
  expect(story, `replay with: npm run sim -- --seed "${seed}" --trace`).toEqual([]);
  const struck = Object.values(faults).reduce((sum, count) => sum + count, 0);
  expect(struck).toBeGreaterThanOrEqual(options.faultsMin);
  expect(operations).toBeGreaterThanOrEqual(options.operationsMin);
}
