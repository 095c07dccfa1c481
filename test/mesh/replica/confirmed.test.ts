import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BoxId } from "../../../core/ids.ts";
import { floorOf, includes, originOf } from "../../../core/vector.ts";
import type { Vector } from "../../../core/vector.ts";
import { covered, heldByAll, heldByMost, isDecisive } from "../../../mesh/replica/confirmed.ts";
import { boxOfName } from "../journal/open-ledger.ts";

const [A, B, C, D] = ["a", "b", "c", "d"].map(boxOfName) as [BoxId, BoxId, BoxId, BoxId];
const [A1, A2] = [originOf(A, 1), originOf(A, 2)];

test("a vector covers as much of an origin as it names, or all of one that it implies", () => {
  expect(covered({}, A1, 5)).toBe(0);
  expect(covered({ [A1]: 3 } as Vector, A1, 5)).toBe(3);
  expect(covered({ [A1]: 9 } as Vector, A1, 5)).toBe(5);
  expect(covered({ [A2]: 1 } as Vector, A1, 5)).toBe(5);
  expect(covered({ [floorOf(A)]: 0, [A2]: 1 } as Vector, A1, 5)).toBe(0);
});

describe("a decisive group", () => {
  test("is most of the boxes, or half of them with the first one", () => {
    expect(isDecisive(new Set([A]), [A])).toBe(true);
    expect(isDecisive(new Set([A]), [B, A])).toBe(true);
    expect(isDecisive(new Set([B]), [B, A])).toBe(false);
    expect(isDecisive(new Set([B, C]), [A, B, C])).toBe(true);
    expect(isDecisive(new Set([C]), [A, B, C])).toBe(false);
    expect(isDecisive(new Set([B, C]), [A, B, C, D])).toBe(false);
  });

  test("has a box in common with every other one, and does not count strangers", () => {
    const groups = (members: readonly BoxId[]) =>
      fc.subarray([...members]).map((group) => new Set(group));
    const case_ = fc
      .integer({ min: 1, max: 7 })
      .map((count) => "abcdefg".slice(0, count).split("").map(boxOfName))
      .chain((members) => fc.tuple(fc.constant(members), groups(members), groups(members)));
    fc.assert(
      fc.property(case_, ([members, one, other]) => {
        fc.pre(isDecisive(one, members) && isDecisive(other, members));
        expect(one.intersection(other).size).toBeGreaterThan(0);
      }),
    );
    expect(isDecisive(new Set([C, D]), [A, B])).toBe(false);
  });
});

describe("what of an origin may go", () => {
  const [B1, C1] = [originOf(B, 1), originOf(C, 1)];
  const has = (seq: number): Vector => ({ [A1]: seq, [B1]: 1, [C1]: 1 }) as Vector;
  const saying = (b: Vector | undefined, c: Vector | undefined) => ({
    self: A,
    here: has(10),
    members: [A, B, C],
    heard: new Map([...(b ? [[B, b] as const] : []), ...(c ? [[C, c] as const] : [])]),
  });

  test("is what all members said to have; of one that was never heard, nothing", () => {
    expect(heldByAll(saying(has(10), has(7)), A1, 10)).toBe(7);
    expect(heldByAll(saying(has(10), undefined), A1, 10)).toBe(0);
    expect(heldByAll({ ...saying(undefined, undefined), members: [A] }, A1, 10)).toBe(10);
  });

  test("is what most of them have, where one is too far behind", () => {
    expect(heldByMost(saying(has(8), has(2)), A1, 10)).toBe(8);
    const two = { ...saying(has(3), undefined), members: [A, B] };
    expect(heldByMost(two, A1, 10)).toBe(10);
    const second = { ...two, self: B, heard: new Map([[A, has(3)]]) };
    expect(heldByMost(second, A1, 10)).toBe(3);
  });

  test("is nothing more while anybody has something that is missing here", () => {
    const ahead = { ...has(8), [B1]: 2 } as Vector;
    expect(heldByMost(saying(ahead, has(2)), A1, 10)).toBe(0);
    expect(heldByMost(saying(has(8), { ...has(2), [B1]: 2 } as Vector), A1, 10)).toBe(0);
  });

  test("is nothing more while somebody may not know of a member, who joined meanwhile", () => {
    expect(heldByMost(saying(has(8), undefined), A1, 10)).toBe(0);
    expect(heldByMost(saying(has(8), { [A1]: 2, [C1]: 1 } as Vector), A1, 10)).toBe(0);
    expect(heldByMost({ ...saying(has(8), has(2)), members: [A, B, C, D] }, A1, 10)).toBe(0);
  });
});

/** The third box has what each of the other two made while the one of them was away from it. */
const RIVALS = [
  { kind: "write", box: 1, other: 1 },
  { kind: "meet", box: 2, other: 1 },
  { kind: "hear", box: 1, other: 2 },
  { kind: "drop", box: 1, other: 1 },
  { kind: "write", box: 0, other: 0 },
  { kind: "meet", box: 2, other: 0 },
  { kind: "hear", box: 0, other: 2 },
  { kind: "drop", box: 0, other: 0 },
];

/**
 * Boxes write, meet in pairs in any order and drop whatever `heldByMost` lets them. Two boxes of which
 * each has dropped what the other lacks could never be brought together again.
 */
test("of any two boxes one at least has all that the other has dropped", () => {
  const step = fc.record({
    kind: fc.constantFrom("write", "meet", "meet", "hear", "hear", "drop"),
    box: fc.nat({ max: 4 }),
    other: fc.nat({ max: 4 }),
  });
  const cases = fc.tuple(fc.integer({ min: 3, max: 4 }), fc.array(step, { maxLength: 24 }));
  fc.assert(
    fc.property(cases, ([count, steps]) => {
      const names = "abcde".slice(0, count).split("").map(boxOfName);
      const born = Object.fromEntries(names.map((name) => [originOf(name, 1), 1])) as Vector;
      const boxes = names.map((self) => ({
        self,
        has: Object.fromEntries(names.map((name) => [originOf(name, 1), 1])),
        dropped: {} as Record<string, number>,
        heard: new Map<BoxId, Vector>(names.map((name) => [name, born])),
      }));
      for (const { kind, box, other } of steps) {
        const [x, y] = [boxes[box % count], boxes[other % count]];
        if (!x || !y) continue;
        const origin = originOf(x.self, 1);
        if (kind === "write") {
          x.has[origin] = (x.has[origin] ?? 0) + 1;
        } else if (kind === "hear") {
          x.heard.set(y.self, { ...y.has } as Vector);
        } else if (kind === "drop") {
          const holdings = { self: x.self, here: x.has as Vector, members: names, heard: x.heard };
          for (const [of, seq] of Object.entries(x.has)) {
            x.dropped[of] = Math.max(
              x.dropped[of] ?? 0,
              heldByMost(holdings, of as typeof origin, seq),
            );
          }
        } else if (includes(x.has as Vector, y.dropped as Vector)) {
          // One entry of one origin goes over, as when the link is cut at once.
          const more = Object.keys(y.has).find((of) => (x.has[of] ?? 0) < (y.has[of] ?? 0));
          if (more !== undefined) x.has[more] = (x.has[more] ?? 0) + 1;
        }
      }
      for (const x of boxes) {
        for (const y of boxes) {
          const isOneWay =
            includes(x.has as Vector, y.dropped as Vector) ||
            includes(y.has as Vector, x.dropped as Vector);
          expect(isOneWay).toBe(true);
        }
      }
    }),
    { numRuns: 3000, examples: [[[3, RIVALS]]] },
  );
});
