import { describe, expect, it } from "vitest";
import { STORAGE_PATHS } from "./paths.ts";
import { sweep, whyNoTrace } from "./sweep.ts";

/** `npm run crash` tries all of them; here a part, with every path and every fate among them. */
const EVERY = 12;
const WAIT_MS = 120_000;

const reason = whyNoTrace();
if (reason !== undefined) process.stderr.write(`the crash sweep is left out: ${reason}\n`);

// Without strace nobody can tell what LevelDB does to its files.
describe.skipIf(reason !== undefined)("a crash at any write", () => {
  it.each(STORAGE_PATHS.map((path) => [path.name, path] as const))(
    "loses nothing that was promised, and the box goes on: %s",
    async (_, path) => {
      const { moments, crashes, faults } = await sweep(path, { every: EVERY });
      expect(faults).toEqual([]);
      expect(moments).toBeGreaterThan(20);
      expect(crashes).toBeGreaterThan(0);
    },
    WAIT_MS,
  );

  it.each([
    ["the log of the store", "commits, one by one", /^store\/\d+\.log$/, /is gone|set aside/],
    ["its tables", "a start at which", /^store\/\d+\.ldb$/, /./],
    ["media", "uploads", /^media\//, /content \w+ is (gone|damaged)/],
    ["what is in a home", "a home that is made", /^home\//, /cannot be used|are left/],
  ])(
    "is noticed when the disk only says that it has synced %s",
    async (_, name, lying, seen) => {
      const path = STORAGE_PATHS.find((candidate) => candidate.name.startsWith(name));
      if (!path) throw new Error(`there is no path ${name}`);
      const { faults } = await sweep(path, { every: 4, lying });
      expect(faults.join("\n")).toMatch(seen);
    },
    WAIT_MS,
  );
});
