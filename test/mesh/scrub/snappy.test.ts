import { expect, test } from "vitest";
import { RotError } from "../../../mesh/scrub/rot-error.ts";
import { uncompress } from "../../../mesh/scrub/snappy.ts";

const text = (...bytes: number[]): string =>
  Buffer.from(uncompress(Uint8Array.from(bytes))).toString("latin1");
const [a, b, c] = [97, 98, 99];

/** https://github.com/google/snappy/blob/main/format_description.txt */
test.each([
  ["nothing", [0], ""],
  ["a literal", [3, 2 << 2, a, b, c], "abc"],
  ["a literal whose length follows", [3, 60 << 2, 2, a, b, c], "abc"],
  ["a near copy", [7, 2 << 2, a, b, c, 1, 3], "abcabca"],
  ["a copy of what it writes itself", [6, 0, a, (4 << 2) | 2, 1, 0], "aaaaaa"],
  ["a copy from far", [6, 2 << 2, a, b, c, (2 << 2) | 3, 3, 0, 0, 0], "abcabc"],
] as const)("%s is uncompressed", (_, bytes, expected) => {
  expect(text(...bytes)).toBe(expected);
});

test.each([
  ["ends early", [4, 2 << 2, a, b, c]],
  ["goes on for too long", [2, 2 << 2, a, b, c]],
  ["copies from before its beginning", [7, 2 << 2, a, b, c, 1, 4]],
  ["copies from nowhere", [7, 2 << 2, a, b, c, 1, 0]],
  ["is cut off in a literal", [3, 2 << 2, a]],
  ["claims to be huge", [0xff, 0xff, 0xff, 0x7f, 0, a]],
  ["is nothing at all", []],
] as const)("a block that %s is rotten", (_, bytes) => {
  expect(() => text(...bytes)).toThrow(RotError);
});
