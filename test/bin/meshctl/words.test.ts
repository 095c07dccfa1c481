import { expect, test } from "vitest";
import { list, printable } from "../../../bin/meshctl/words.ts";

test("what people wrote can move nothing on the owner's terminal", () => {
  expect(printable("Kit\u001b[2Jchen\u202e")).toBe("Kit [2Jchen");
  expect(printable("a\r\n\u2028\u2029b")).toBe("a b");
  expect(printable("Küche 🍳")).toBe("Küche 🍳");
});

test("names are put together as people do", () => {
  const names = ["a", "b", "c"];
  expect([0, 1, 2, 3].map((n) => list(names.slice(0, n)))).toEqual([
    "",
    "a",
    "a and b",
    "a, b and c",
  ]);
});
