import { expect, test } from "vitest";
import { splitPage, YEAR_HEADING } from "../report.ts";
import { faults } from "./verdict.ts";
import type { Sample } from "./verdict.ts";

const MIB = 2 ** 20;

/** Five fifths of a year in which nothing grows but the store. */
function steady(): Sample[] {
  return [1, 2, 3, 4, 5].map((fifth) => ({
    messages: fifth * 1000,
    storeBytes: fifth * 2000 * 1000,
    startMs: 900,
    checkMs: 400,
    initialSyncMs: 300,
    syncMs: 3,
    sendMs: 2,
    memoryBytes: 150 * MIB,
  }));
}

const withLast = (change: Partial<Sample>): Sample[] =>
  steady().map((sample, i) => (i === 4 ? { ...sample, ...change } : sample));

test("a store that grows with its messages is no fault", () => {
  expect(faults(steady())).toEqual([]);
});

test.each<[string, Partial<Sample>]>([
  ["start-up", { startMs: 4500 }],
  ["the first sync", { initialSyncMs: 1500 }],
  ["an incremental sync", { syncMs: 15 }],
  ["sending", { sendMs: 20 }],
  ["memory after the start", { memoryBytes: 300 * MIB }],
  ["a message takes 3000 bytes", { storeBytes: 15_000_000 }],
])("%s that grows with the store is one", (what, change) => {
  expect(faults(withLast(change))).toEqual([expect.stringContaining(what)]);
});

test("one measurement alone proves nothing", () => {
  expect(faults(steady().slice(0, 1))).toEqual(["too little was measured"]);
});

test("the section about the year outlives the other figures of its page", () => {
  const page = `# Performance\n\nfigures\n\n${YEAR_HEADING}\n\nof the year\n`;
  const { figures, year } = splitPage(page);
  expect([figures, year]).toEqual([
    "# Performance\n\nfigures\n",
    `${YEAR_HEADING}\n\nof the year\n`,
  ]);
  expect(splitPage(figures)).toEqual({ figures, year: "" });
});
