import { describe, expect, it } from "vitest";
import { longestCommonGap } from "./prober.ts";

describe("the time without any box", () => {
  it("is the longest time in which all of them were silent", () => {
    const one = [
      { from: 0, to: 100 },
      { from: 200, to: 900 },
    ];
    const two = [{ from: 50, to: 400 }];
    const three = [
      { from: 20, to: 80 },
      { from: 250, to: 300 },
    ];
    expect(longestCommonGap([one, two, three])).toBe(50);
  });

  it("is nothing when one of them always answered", () => {
    expect(longestCommonGap([[{ from: 0, to: 9 }], [], [{ from: 0, to: 9 }]])).toBe(0);
  });
});
