import fc from "fast-check";
import { expect, test } from "vitest";
import type { BoxId } from "../../../core/ids.ts";
import type { View } from "../../../core/ports.ts";
import { includesWhole, intersection } from "../../../core/sync/vectors.ts";
import { covers, originOf } from "../../../core/vector.ts";
import type { Origin, Vector } from "../../../core/vector.ts";

const origins = ["aaaaaaaa", "bbbbbbbb"].flatMap((box) =>
  [1, 2, 3].map((incarnation) => originOf(box as BoxId, incarnation)),
);
const vector: fc.Arbitrary<Vector> = fc
  .array(fc.tuple(fc.constantFrom(...origins), fc.integer({ min: 1, max: 4 })), { maxLength: 6 })
  .map((entries) => Object.fromEntries(entries) as Record<Origin, number>);

test("the intersection covers what both cover, incarnations taken for granted included", () => {
  fc.assert(
    fc.property(
      vector,
      vector,
      fc.constantFrom(...origins),
      fc.integer({ min: 1, max: 5 }),
      (a, b, origin, seq) => {
        const dot = { origin, seq };
        expect(covers(intersection(a, b), dot)).toBe(covers(a, dot) && covers(b, dot));
      },
    ),
  );
});

test("a set that names a part of an incarnation lacks the rest that another takes for granted", () => {
  const [a1, a2] = [originOf("aaaaaaaa" as BoxId, 1), originOf("aaaaaaaa" as BoxId, 2)];
  const endingAt = (end: number | undefined): View => ({ get: () => end as never });
  const whole = { [a2]: 5 };
  expect(includesWhole(endingAt(7), { [a1]: 6, [a2]: 5 }, whole)).toBe(false);
  expect(includesWhole(endingAt(7), { [a1]: 7, [a2]: 5 }, whole)).toBe(true);
  expect(includesWhole(endingAt(undefined), { [a1]: 7, [a2]: 5 }, whole)).toBe(false);
  expect(includesWhole(endingAt(7), { [a2]: 5 }, whole)).toBe(true);
  expect(includesWhole(endingAt(7), { [a1]: 7, [a2]: 4 }, whole)).toBe(false);
});
