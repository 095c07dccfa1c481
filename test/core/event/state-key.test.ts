import fc from "fast-check";
import { expect, test } from "vitest";
import { splitStateKey, stateKeyOf } from "../../../core/event/state-key.ts";

test("type and state key come back as they went in, and no two pairs share a key", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "\u001e", "\u001f", "0", "1") });
  fc.assert(
    fc.property(text, text, text, text, (type, key, otherType, otherKey) => {
      expect(splitStateKey(stateKeyOf(type, key))).toEqual([type, key]);
      const same = type === otherType && key === otherKey;
      expect(stateKeyOf(type, key) === stateKeyOf(otherType, otherKey)).toBe(same);
    }),
  );
});

test("a key reads as the two texts with one separator between them", () => {
  expect(stateKeyOf("m.room.member", "@a:b")).toBe("m.room.member\u001f@a:b");
});

test("text without a separator is refused", () => {
  expect(() => splitStateKey("m.room.member")).toThrow("not a state key");
});
