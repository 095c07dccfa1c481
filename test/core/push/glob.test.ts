import fc from "fast-check";
import { expect, test } from "vitest";
import { wholeMatcher, wordMatcher } from "../../../core/push/glob.ts";

test("a whole match covers the whole text, whatever the case", () => {
  expect(wholeMatcher("lunc?*")("Lunch plans")).toBe(true);
  expect(wholeMatcher("lunc?*")("LUNCH")).toBe(true);
  expect(wholeMatcher("lunc?*")(" lunch")).toBe(false);
  expect(wholeMatcher("lunc?*")("lunc")).toBe(false);
  expect(wholeMatcher("")("")).toBe(true);
  expect(wholeMatcher("a.c")("abc")).toBe(false);
  expect(wholeMatcher("?")("🙂")).toBe(true);
});

test("a word match starts and ends at word boundaries", () => {
  const example = wordMatcher("ex*ple");
  expect(example("An example event.")).toBe(true);
  expect(example("exple")).toBe(true);
  expect(example("An exciting triple-whammy")).toBe(true);
  expect(example("An hexample")).toBe(false);
  const cake = wordMatcher("cake");
  expect(cake("Cake!")).toBe(true);
  expect(cake("cupcake")).toBe(false);
  expect(cake("cakes, then cake")).toBe(true);
  expect(wordMatcher("@room")("all of @room.")).toBe(true);
});

test("patterns that make regular expressions explode take no time", () => {
  const pattern = `${"*a".repeat(50)}b`;
  expect(wholeMatcher(pattern)("a".repeat(5000))).toBe(false);
  expect(wordMatcher(pattern)("a".repeat(5000))).toBe(false);
});

test("the matcher agrees with regular expressions", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", " ", "-"), maxLength: 12 });
  const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*", "?"), maxLength: 6 });
  fc.assert(
    fc.property(pattern, text, (glob, value) => {
      const source = glob.replaceAll("*", ".*").replaceAll("?", ".");
      expect(wholeMatcher(glob)(value)).toBe(new RegExp(`^${source}$`, "s").test(value));
    }),
    { numRuns: 500 },
  );
});
