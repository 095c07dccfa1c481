import { describe, expect, it } from "vitest";
import { renderSection, withSection } from "./document.ts";
import type { Result } from "./report.ts";

const COUNTS = {
  attempted: 12,
  acknowledged: 11,
  recovered: 1,
  lost: [],
  unexpected: [],
  repeated: [],
  twins: 0,
};
const RESULT: Result = {
  options: { seed: "7", minutes: 10 },
  mode: "namespaces",
  missing: [],
  struck: new Map([["blackout", 3]]),
  missed: [],
  judgement: { messages: COUNTS, letters: COUNTS, rowsCompared: 99, violations: [] },
  figures: {
    served: [{ dark: 1, of: 8, served: 6 }],
    silentSeconds: [],
    noBoxSeconds: 1,
    seconds: 600,
    firstAnswerSeconds: { count: 2, median: 0.25, most: 0.5 },
    convergenceSeconds: { count: 0, median: 0, most: 0 },
  },
  network: "packets: none touched",
  stores: { refilled: 2, copied: 1 },
};

describe("the section about real processes", () => {
  it("has the faults, the counts and the figures of the run", () => {
    const section = renderSection(RESULT);
    expect(section).toContain("10 minutes with seed 7");
    expect(section).toMatch(/\| blackout +\| .*all boxes are killed.* +\| 3 +\|/);
    expect(section).toMatch(/\| acknowledged +\| 11 +\| 11 +\|/);
    expect(section).toMatch(/\| requests served with 1 of 3 boxes dark +\| 75.00 % of 8 +\|/);
    expect(section).toContain("median 0.25 s, most 0.50 s (2 times)");
  });

  it("takes the place of the one before, wherever that stands", () => {
    const first = `${withSection("# Reliability\n", "one")}\n## Limits\n`;
    const second = withSection(first, "two");
    expect(first).toContain("one");
    expect(second).not.toContain("one");
    expect(second).toBe(first.replace("one", "two"));
  });
});
