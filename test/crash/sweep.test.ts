import { afterAll, expect, it } from "vitest";
import { describeWherePossible } from "../support/describe-where-possible.ts";
import { STORAGE_PATHS } from "./paths.ts";
import type { StoragePath } from "./storage-path.ts";
import { Recording, sweep, whyNoTrace } from "./sweep.ts";

/** `npm run crash` tries all of them; here a part, with every path and every fate among them. */
const EVERY = 30;
/** A canary needs one crash that hurts. */
const CANARY_EVERY = 6;
const WAIT_MS = 120_000;

const recordings = new Map<StoragePath, Recording>();
async function recorded(path: StoragePath): Promise<Recording> {
  const recording = recordings.get(path) ?? (await Recording.make(path));
  recordings.set(path, recording);
  return recording;
}
afterAll(() => recordings.forEach((recording) => recording[Symbol.dispose]()));

// Without strace nobody can tell what LevelDB does to its files.
describeWherePossible("a crash at any write", whyNoTrace(), () => {
  it.each(STORAGE_PATHS.map((path) => [path.name, path] as const))(
    "loses nothing that was promised, and the box goes on: %s",
    async (_, path) => {
      const { moments, crashes, faults } = await sweep(await recorded(path), { every: EVERY });
      expect(faults).toEqual([]);
      expect(moments).toBeGreaterThan(12);
      expect(crashes).toBeGreaterThan(0);
    },
    WAIT_MS,
  );

  it.each([
    ["the log of the store", "commits, one by one", /^store\/\d+\.log$/, /is gone|set aside/],
    ["its tables", "a start at which", /^store\/\d+\.ldb$/, /./],
    ["pushes that are owed", "pushes", /^store\/\d+\.log$/, /never told/],
    ["delayed events", "delayed", /^store\/\d+\.log$/, /was sent (0 times|all the same)/],
    ["votes", "votes", /^store\/\d+\.log$/, /is forgotten/],
    ["media", "uploads", /^media\//, /content \w+ is (gone|damaged)/],
    [
      "who asks to join",
      "a home that joins",
      /^home\/joining/,
      /asks to join as another one|cannot ask to join/,
    ],
    ["what is in a home", "a home that is made", /^home\//, /cannot be used|are left/],
  ])(
    "is noticed when the disk only says that it has synced %s",
    async (_, name, lying, seen) => {
      const path = STORAGE_PATHS.find((candidate) => candidate.name.startsWith(name));
      if (!path) throw new Error(`there is no path ${name}`);
      const options = { every: CANARY_EVERY, lying, until: seen };
      const { faults } = await sweep(await recorded(path), options);
      expect(faults.join("\n")).toMatch(seen);
    },
    WAIT_MS,
  );
});
