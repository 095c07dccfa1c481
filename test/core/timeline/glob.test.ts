import { expect, test } from "vitest";
import { matchesGlob } from "../../../core/timeline/glob.ts";

test("a star stands for any sequence of characters, everything else for itself", () => {
  const cases: [pattern: string, text: string, matches: boolean][] = [
    ["m.room.*", "m.room.message", true],
    ["m.room.*", "m.room.", true],
    ["m.room.*", "m.roomy", false],
    ["*", "", true],
    ["", "", true],
    ["", "x", false],
    ["*.call.*", "m.call.invite", true],
    ["a*b*c", "aXbYbZc", true],
    ["a*b*c", "aXbYbZ", false],
    ["a?c", "abc", false],
    ["m.room.message", "mXroomXmessage", false],
  ];
  for (const [pattern, text, matches] of cases) {
    expect([pattern, text, matchesGlob(pattern, text)]).toEqual([pattern, text, matches]);
  }
});

test("a pattern made to be slow is not", () => {
  const started = performance.now();
  expect(matchesGlob("*a".repeat(100) + "b", "a".repeat(5000))).toBe(false);
  expect(performance.now() - started).toBeLessThan(500);
});
