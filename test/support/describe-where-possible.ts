import { describe } from "vitest";

/**
 * `describe` for what not every machine can do. `reason`: why this one cannot; it is told in the name and
 * among the results, since a runner only counts what it skips.
 */
export function describeWherePossible(
  name: string,
  reason: string | undefined,
  tests: () => void,
): void {
  if (reason !== undefined) process.stderr.write(`left out: ${name}: ${reason}\n`);
  const title = reason === undefined ? name : `${name} (left out: ${reason})`;
  // The reason is in the title.
  describe.skipIf(reason !== undefined)(title, () => {
    tests();
  });
}
