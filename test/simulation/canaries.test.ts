import { expect, test } from "vitest";
import { CANARIES } from "./canaries/all.ts";
import { simulate } from "./simulate.ts";

/** A fault that shows itself rarely is looked for in a few seeds. */
const SEEDS_MAX = 12;
/** Other tests may run on the same cores, milliseconds. */
const TIMEOUT_MS = 60_000;

test.each(CANARIES)("$name is caught", { timeout: TIMEOUT_MS }, async (canary) => {
  const rules = new Set<string>();
  for (let i = 1; i <= SEEDS_MAX && !rules.has(canary.rule); i++) {
    const { violations } = await simulate(`canary ${i}`, canary);
    for (const { rule } of violations) rules.add(rule);
  }
  expect([...rules]).toContain(canary.rule);
});

test("without a fault none of the rules is broken", { timeout: TIMEOUT_MS }, async () => {
  const [first] = CANARIES;
  const { violations } = await simulate("canary 1", { options: first?.options ?? {} });
  expect(violations).toEqual([]);
});
