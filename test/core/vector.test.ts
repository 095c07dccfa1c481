import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BoxId } from "../../core/ids.ts";
import {
  advance,
  compact,
  covers,
  decodeVector,
  encodeVector,
  floorOf,
  implies,
  includes,
  merge,
  NAMED_LIVES_MAX,
  originOf,
  parseOrigin,
  parseVector,
  VECTOR_ENTRIES_MAX,
} from "../../core/vector.ts";
import type { Dot, Origin, Vector } from "../../core/vector.ts";

const BOXES = ["aaaaaaaa", "bbbbbbbb"] as BoxId[];
const A = BOXES[0] as BoxId;
const origins = BOXES.flatMap((box) => [0, 1, 2, 3].map((life) => originOf(box, life)));
const vector: fc.Arbitrary<Vector> = fc
  .array(fc.tuple(fc.constantFrom(...origins), fc.integer({ min: 0, max: 4 })), { maxLength: 6 })
  .map((entries) => Object.fromEntries(entries) as Record<Origin, number>);
const dots: Dot[] = origins.flatMap((origin) => [1, 2, 3, 4, 5].map((seq) => ({ origin, seq })));

describe("a vector", () => {
  test("takes the lives before the first one that it names for known, and no others", () => {
    const v = { [originOf(A, 5)]: 3, [originOf(A, 9)]: 1 } as Vector;
    expect(covers(v, { origin: originOf(A, 4), seq: 99 })).toBe(true);
    expect(covers(v, { origin: originOf(A, 5), seq: 4 })).toBe(false);
    expect(covers(v, { origin: originOf(A, 7), seq: 1 })).toBe(false);
    expect(covers(v, { origin: originOf(A, 10), seq: 1 })).toBe(false);
    expect(implies({}, originOf(A, 4))).toBe(false);
  });

  test("takes nothing for known when it meets a box for the first time", () => {
    const v = advance({}, { origin: originOf(A, 5), seq: 1 });
    expect(v).toEqual({ [floorOf(A)]: 0, [originOf(A, 5)]: 1 });
    expect(covers(v, { origin: originOf(A, 4), seq: 1 })).toBe(false);
    expect(advance(v, { origin: originOf(A, 5), seq: 1 })).toBe(v);
  });

  test("orders lives by their number, however long its text is", () => {
    const v = { [originOf(A, 35)]: 7, [originOf(A, 36)]: 2 } as Vector;
    expect(implies(v, originOf(A, 34))).toBe(true);
    expect(implies(v, originOf(A, 36 ** 2))).toBe(false);
    const ends: Record<string, number> = { [originOf(A, 35)]: 7, [originOf(A, 36)]: 2 };
    expect(compact(v, (origin) => ends[origin])).toEqual({ [originOf(A, 36)]: 2 });
  });

  test("is compacted life by life from the first one, and never past one that is open", () => {
    const [floor, a3, a5] = [floorOf(A), originOf(A, 3), originOf(A, 5)];
    const v = { [floor]: 0, [a3]: 7, [a5]: 2 } as Vector;
    const closedAt = (ends: Record<string, number>) => (origin: Origin) => ends[origin];
    expect(compact(v, closedAt({ [floor]: 0, [a3]: 7 }))).toEqual({ [a5]: 2 });
    expect(compact(v, closedAt({ [a3]: 7 }))).toEqual(v);
    expect(compact(v, closedAt({ [floor]: 0, [a3]: 8 }))).toEqual({ [a3]: 7, [a5]: 2 });
    expect(compact(v, closedAt({ [floor]: 0, [a3]: 7, [a5]: 2 }))).toEqual({ [a5]: 2 });
  });
});

test("a union covers what either side covers, and nothing else", () => {
  fc.assert(
    fc.property(vector, vector, (a, b) => {
      const union = merge(a, b);
      for (const dot of dots) expect(covers(union, dot)).toBe(covers(a, dot) || covers(b, dot));
    }),
  );
});

test("a union includes both sides and does not depend on their order", () => {
  fc.assert(
    fc.property(vector, vector, (a, b) => {
      expect(includes(merge(a, b), a) && includes(merge(a, b), b)).toBe(true);
      expect(encodeVector(merge(a, b))).toBe(encodeVector(merge(b, a)));
      expect(merge(a, merge(a, b))).toEqual(merge(a, b));
    }),
  );
});

test("text says the same as the vector, 20 characters an entry", () => {
  fc.assert(
    fc.property(vector, (v) => {
      const text = encodeVector(v);
      expect(text).toHaveLength(20 * Object.keys(v).length);
      expect(decodeVector(text)).toEqual(v);
    }),
  );
});

test("what is no vector is refused", () => {
  for (const bad of [null, [], "x", { x: 1 }, { "aaaaaaaa.1": -1 }, { "aaaaaaaa.1": "1" }]) {
    expect(parseVector(bad)).toBeUndefined();
  }
  expect(decodeVector("AAAA")).toBeUndefined();
  expect(decodeVector(`${encodeVector({ [originOf(A, 1)]: 1 } as Vector)}=`)).toBeUndefined();
  expect(["aaaaaaaa.01", "AAAAAAAA.1", "aaaaaaaa.", 7].map(parseOrigin)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
});

test("an origin is read when it is what a box and an incarnation make, and in no other spelling", () => {
  const incarnation = fc.integer({ min: 0, max: 36 ** 10 - 1 });
  fc.assert(
    fc.property(fc.constantFrom(...BOXES), incarnation, (box, life) => {
      const origin = originOf(box, life);
      expect(parseOrigin(origin)).toBe(origin);
      expect(parseOrigin(`${box}.0${life.toString(36)}`)).toBeUndefined();
    }),
  );
});

const BOX = "abcdefgh" as BoxId;

function lives(count: number): Vector {
  const out: Record<Origin, number> = {};
  for (let i = 0; i < count; i++) out[originOf(BOX, 1_800_000_000_000 + i)] = i + 1;
  return out;
}

describe("the text of a vector", () => {
  test("holds every life that restarts during a long absence leave open, and no more than the limit", () => {
    const many = lives(VECTOR_ENTRIES_MAX);
    expect(decodeVector(encodeVector(many))).toEqual(many);
    const tooMany = lives(VECTOR_ENTRIES_MAX + 1);
    expect(decodeVector(encodeVector(tooMany))).toBeUndefined();
  });

  test("between boxes may name more lives than in a token, and not without end", () => {
    const many = lives(NAMED_LIVES_MAX);
    expect(NAMED_LIVES_MAX).toBeGreaterThan(2 * VECTOR_ENTRIES_MAX);
    expect(parseVector(many)).toEqual(many);
    expect(parseVector(lives(NAMED_LIVES_MAX + 1))).toBeUndefined();
  });

  test("of three boxes is short", () => {
    const boxes = ["aaaaaaaa", "bbbbbbbb", "77777777"] as BoxId[];
    const vector = Object.fromEntries(boxes.map((box) => [originOf(box, 2e12), 4_000_000_000]));
    expect(encodeVector(vector)).toHaveLength(60);
    expect(decodeVector(encodeVector(vector))).toEqual(vector);
  });

  test("is refused when it is cut, lengthened, or not the one text of its vector", () => {
    const text = encodeVector(lives(3));
    for (const bad of [
      text.slice(1),
      text.slice(0, -1),
      `${text}A`,
      `${text}==`,
      "!",
      text + text,
      text.slice(20, 40) + text.slice(0, 20),
    ]) {
      expect(decodeVector(bad)).toBeUndefined();
    }
    expect(decodeVector("")).toEqual({});
  });
});
