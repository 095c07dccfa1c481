import * as fc from "fast-check";
import { expect, it } from "vitest";
import { compareBytes, lowerBound } from "../../../mesh/store/byte-order.ts";

const text = fc.string({ unit: "binary", maxLength: 6 });

it("orders text as its UTF-8 bytes", () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
    { numRuns: 2000 },
  );
  expect(compareBytes("😀", "\uffff")).toBeGreaterThan(0);
});

it("finds the place of a key among sorted ones", () => {
  expect(["", "a", "b", "c", "d"].map((key) => lowerBound(["a", "c"], key))).toEqual([
    0, 0, 1, 1, 2,
  ]);
});
