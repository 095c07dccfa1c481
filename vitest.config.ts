import { defineConfig } from "vitest/config";

/** Two workers: a Pi-sized machine has few cores, and the e2e boxes need some of them. */
const WORKERS_MAX = 2;

/** Milliseconds for a unit test or hook; ten times what the slowest takes on two quiet cores. */
const UNIT_TIMEOUT_MS = 30_000;

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
          fileParallelism: false,
          maxWorkers: 1,
          testTimeout: 180_000,
          hookTimeout: 180_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
