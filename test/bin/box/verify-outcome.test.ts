import { describe, expect, it } from "vitest";
import { outcomeOf } from "../../../bin/box/verify-outcome.ts";
import type { Origin } from "../../../core/vector.ts";
import type { BoxId } from "../../../core/ids.ts";
import type { Comparison } from "../../../mesh/verify/compare.ts";

const ROW = { section: "r", about: "rooms", key: ["!room"] };
const [A, B] = ["aaaaaaaa", "bbbbbbbb"] as [BoxId, BoxId];
const EQUAL: Comparison = {
  sameMoment: true,
  rows: 100,
  differences: [],
  isMore: false,
  beingWritten: [],
  undecided: 0,
  forks: [],
  skipped: [],
};

describe("outcomeOf", () => {
  it("is equal where all was compared, but for rows that people were writing", () => {
    expect(outcomeOf(EQUAL, true)).toBe("equal");
    expect(outcomeOf({ ...EQUAL, beingWritten: [ROW] }, true)).toBe("equal");
  });

  it("is not known where any box, row or table was left out", () => {
    expect(outcomeOf(undefined, true)).toBe("unsure");
    expect(outcomeOf(EQUAL, false)).toBe("unsure");
    for (const left of [{ undecided: 1 }, { isMore: true }, { skipped: ["zebras"] }]) {
      expect(outcomeOf({ ...EQUAL, ...left }, true)).toBe("unsure");
    }
  });

  it("is different as soon as one row or journal is, whatever else was left out", () => {
    const found = [
      [A, "x"],
      [B, null],
    ] as const;
    const differs = { ...EQUAL, differences: [{ ...ROW, found }], isMore: true, undecided: 1 };
    expect(outcomeOf(differs, false)).toBe("differs");
    const fork = { origin: `${A}.1` as Origin, seq: 1, boxes: [A, B] as const };
    expect(outcomeOf({ ...EQUAL, forks: [fork] }, true)).toBe("differs");
  });
});
