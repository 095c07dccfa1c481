import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Key, KeyPart, Table } from "../../../core/table.ts";
import { compareBytes } from "../../../mesh/store/byte-order.ts";
import { TABLE_ROWS, decodeKey, encodeKey, rangeOf } from "../../../mesh/store/keys.ts";

const tableNamed = (name: string): Table<Key, string> => ({ name, about: name, scope: "mesh" });
const table = tableNamed("tl");

/** Text with what the encoding must not stumble over. */
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.string({
    unit: fc.constantFrom("\0", "\x01", "\x02", "\x03", "a", "0", "\ud7ff", "\uffff", "😀"),
    maxLength: 5,
  }),
);
const number = fc.oneof(fc.maxSafeNat(), fc.nat({ max: 300 }));
/** Keys of one table have the same kinds of parts. */
const pairs = fc
  .array(fc.constantFrom(text, number), { maxLength: 4 })
  .chain((parts) => fc.tuple(fc.tuple(...parts), fc.tuple(...parts))) as fc.Arbitrary<
  [KeyPart[], KeyPart[]]
>;

function compareParts(a: Key, b: Key): number {
  for (const [i, x] of a.entries()) {
    const y = b[i];
    if (y === undefined) return 1;
    const order =
      typeof x === "number" && typeof y === "number" ? x - y : compareBytes(String(x), String(y));
    if (order !== 0) return Math.sign(order);
  }
  return a.length === b.length ? 0 : -1;
}

describe("keys", () => {
  it("order as their parts do", () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const order = Buffer.compare(
          Buffer.from(encodeKey(table, a)),
          Buffer.from(encodeKey(table, b)),
        );
        expect(Math.sign(order)).toBe(compareParts(a, b));
      }),
      { numRuns: 2000 },
    );
  });

  it("decode to their parts", () => {
    fc.assert(
      fc.property(pairs, ([a]) => {
        expect(decodeKey(table, encodeKey(table, a))).toEqual(a);
      }),
      { numRuns: 1000 },
    );
  });

  it("do not let one part run into the next", () => {
    expect(encodeKey(table, ["a\0b", "c"])).not.toBe(encodeKey(table, ["a", "b\0c"]));
    expect(encodeKey(table, ["a", ""])).not.toBe(encodeKey(table, ["a"]));
    expect(encodeKey(tableNamed("r"), ["s"])).not.toBe(encodeKey(tableNamed("rs"), []));
  });

  it("are the same in memory and on disk for text that is not Unicode", () => {
    const key = encodeKey(table, ["a\ud800"]);
    expect(Buffer.from(key).toString()).toBe(key);
  });

  it("refuse numbers that would not sort", () => {
    for (const bad of [-1, 0.5, Number.NaN, 2 ** 53]) {
      expect(() => encodeKey(table, [bad])).toThrow(RangeError);
    }
  });

  it("are not decoded for another table, nor when cut off", () => {
    const key = encodeKey(table, ["abc"]);
    expect(() => decodeKey(tableNamed("t"), key)).toThrow("not a key of table t");
    expect(() => decodeKey(table, key.slice(0, -1))).toThrow("cut off");
  });

  it("lie within the bounds of all tables", () => {
    const key = encodeKey(table, []);
    expect(compareBytes(TABLE_ROWS.gte ?? "", key)).toBeLessThanOrEqual(0);
    expect(compareBytes(key, TABLE_ROWS.lt ?? "")).toBeLessThan(0);
  });
});

describe("ranges of keys", () => {
  const has = (range: ReturnType<typeof rangeOf>, key: Key): boolean => {
    const encoded = encodeKey(table, key);
    return (
      compareBytes(encoded, range.gte ?? "") >= 0 &&
      (range.lt === undefined || compareBytes(encoded, range.lt) < 0)
    );
  };

  it("hold what begins with the prefix and lies strictly between the bounds, part by part", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(text, number, text), { minLength: 1, maxLength: 8 }),
        fc.tuple(text, number, text),
        fc.nat({ max: 3 }),
        fc.nat({ max: 3 }),
        (keys, bound, prefixLength, boundLength) => {
          const prefix = keys[0]?.slice(0, prefixLength) ?? [];
          const edge = bound.slice(prefixLength, prefixLength + boundLength);
          for (const key of keys) {
            const inPrefix = compareParts(key.slice(0, prefixLength), prefix) === 0;
            const rest = key.slice(prefixLength, prefixLength + edge.length);
            const order = compareParts(rest, edge);
            expect(has(rangeOf(table, { prefix, limit: 1 }), key)).toBe(inPrefix);
            expect(has(rangeOf(table, { prefix, after: edge, limit: 1 }), key)).toBe(
              inPrefix && order > 0,
            );
            expect(has(rangeOf(table, { prefix, before: edge, limit: 1 }), key)).toBe(
              inPrefix && order < 0,
            );
          }
        },
      ),
      { numRuns: 1000 },
    );
  });

  it("keep the direction and the limit", () => {
    expect(rangeOf(table, { prefix: [], reverse: true, limit: 7 })).toMatchObject({
      reverse: true,
      limit: 7,
    });
  });
});
