import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { EventId } from "../../../core/ids.ts";
import { encodeSyncToken } from "../../../core/sync/token.ts";
import { encodePageToken, parsePageToken } from "../../../core/timeline/page-token.ts";

const vector = { "aaaaaaaa.1": 5 };
const position = fc.record({
  depth: fc.maxSafeNat(),
  ts: fc.maxSafeNat(),
  id: fc
    .string({ minLength: 1, maxLength: 40 })
    .map((text) => `$${text.replaceAll("\0", "")}x` as EventId),
});

describe("a pagination token", () => {
  test("comes back from its text, which needs no escape in a URL", () => {
    fc.assert(
      fc.property(position, fc.constantFrom("before", "after"), fc.boolean(), (at, side, only) => {
        const onlyUncovered = only && side === "after" ? { onlyUncovered: true as const } : {};
        const token = { point: { side, at }, vector, ...onlyUncovered } as const;
        const text = encodePageToken(token);
        expect(text).toMatch(/^t1_[A-Za-z0-9._-]*$/);
        expect(parsePageToken(text)).toEqual(token);
      }),
    );
  });

  test("may be a sync token, which stands for the live end as it was then", () => {
    expect(parsePageToken(encodeSyncToken({ vector, toDevice: {} }))).toEqual({ vector });
  });

  test("that is malformed is refused, never misread", () => {
    for (const text of [
      "",
      "t1_",
      "t1_b.1.2.JGE",
      "t1_x.1.2.JGE.",
      "t1_b.-1.2.JGE.",
      "t1_b.1.2.YQ.",
      "x",
    ]) {
      expect(() => parsePageToken(text)).toThrow(
        expect.objectContaining({ errcode: "M_INVALID_PARAM" }),
      );
    }
  });
});
