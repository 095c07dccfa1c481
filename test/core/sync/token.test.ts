import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeSyncToken, parseSyncToken } from "../../../core/sync/token.ts";
import type { SyncToken } from "../../../core/sync/token.ts";
import type { BoxId } from "../../../core/ids.ts";
import { originOf } from "../../../core/vector.ts";
import type { Origin, Vector } from "../../../core/vector.ts";

const origin = fc
  .tuple(fc.constantFrom("aaaaaaaa", "bbbbbbbb", "c234567z"), fc.integer({ min: 1, max: 2 ** 41 }))
  .map(([box, incarnation]) => originOf(box as BoxId, incarnation));
const vector: fc.Arbitrary<Vector> = fc
  .array(fc.tuple(origin, fc.integer({ min: 0, max: 0xffffffff })), { maxLength: 9 })
  .map((entries) => Object.fromEntries(entries) as Record<Origin, number>);
const token: fc.Arbitrary<SyncToken> = fc.record(
  {
    vector,
    toDevice: vector,
    stateFloor: vector,
    ephemeral: fc.record({ origin, serial: fc.nat() }),
  },
  { requiredKeys: ["vector"] },
);

describe("a sync token", () => {
  test("comes back from its text, which needs no escape in a URL", () => {
    fc.assert(
      fc.property(token, (given) => {
        const text = encodeSyncToken(given);
        expect(text).toMatch(/^s1_[A-Za-z0-9._-]*$/);
        expect(parseSyncToken(text)).toEqual(given);
      }),
    );
  });

  test("of three boxes stays under 200 characters", () => {
    const boxes = ["aaaaaaaa", "bbbbbbbb", "cccccccc"].map((box) => [
      originOf(box as BoxId, Date.UTC(2030, 1)),
      0xffffffff,
    ]);
    const full = {
      vector: Object.fromEntries(boxes) as Vector,
      ephemeral: { origin: boxes[0]?.[0] as Origin, serial: 999_999 },
    };
    expect(encodeSyncToken(full).length).toBeLessThan(200);
  });

  test("that is malformed is refused, never misread", () => {
    const malformed = [
      "",
      "s1",
      "s2_",
      "s1_.x",
      "s1_AAAA",
      "s1_.e",
      "s1_.eaaaaaaaa1",
      "s1_.q",
      "t1_",
    ];
    for (const text of [...malformed, "s1_.eaaaaaaaa1-z-z", "s1_.d!", " s1_"]) {
      expect(() => parseSyncToken(text)).toThrow(
        expect.objectContaining({ errcode: "M_INVALID_PARAM", status: 400 }),
      );
    }
  });
});
