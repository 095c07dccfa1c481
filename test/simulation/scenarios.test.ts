import { expect, test } from "vitest";
import { apart } from "./apart.ts";
import { withDark } from "./dark.ts";

/** Other tests may run on the same cores, milliseconds. */
const TIMEOUT_MS = 60_000;

test(
  "boxes that were apart for a day are equal within a second",
  { timeout: TIMEOUT_MS },
  async () => {
    const { equalAfterMs } = await apart({ apartMs: 86_400_000, requests: 60 });
    expect(equalAfterMs).toBeLessThan(1000);
  },
);

test("with one box of three everything is served but names", { timeout: TIMEOUT_MS }, async () => {
  const { reads, writes, names } = await withDark(2, 60_000);
  expect(reads.answered).toBe(reads.asked);
  expect(writes.answered).toBe(writes.asked);
  expect(reads.asked).toBeGreaterThan(50);
  expect(names.answered).toBeLessThan(names.asked);
});
