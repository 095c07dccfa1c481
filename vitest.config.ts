import { defineConfig } from "vitest/config";

/** Two workers: a Pi-sized machine has few cores, and boxes of the e2e tests wait more than they work. */
const WORKERS_MAX = 2;

/** Milliseconds for a unit test or hook; ten times what the slowest takes on two quiet cores. */
const UNIT_TIMEOUT_MS = 30_000;

/** Milliseconds for a test or hook with real boxes. */
const E2E_TIMEOUT_MS = 180_000;

/** The e2e file that takes longest; the others run beside it. */
const LONGEST = "test/e2e/chaos.test.ts";

/** Milliseconds that `expect.poll` looks again, unless told: a busy machine must not fail a test. */
const POLL_TIMEOUT_MS = 20_000;

export default defineConfig({
  test: {
    maxWorkers: WORKERS_MAX,
    reporters: ["default"],
    expect: { poll: { timeout: POLL_TIMEOUT_MS } },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ["test/e2e/**"],
          testTimeout: UNIT_TIMEOUT_MS,
          hookTimeout: UNIT_TIMEOUT_MS,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          globalSetup: ["test/e2e/support/three-boxes.ts"],
          include: ["test/e2e/**/*.test.ts"],
          exclude: [LONGEST],
          testTimeout: E2E_TIMEOUT_MS,
          hookTimeout: E2E_TIMEOUT_MS,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          // Beside the others, and first: of projects in one group that with the lower name begins.
          name: "chaos",
          include: [LONGEST],
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
