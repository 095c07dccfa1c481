import { expect, test } from "vitest";
import {
  readFloatOrText,
  readInteger,
  readIntegerOrText,
} from "../../../core/room-version/level-readers.ts";
import type { Json } from "../../../core/json.ts";

const CASES: readonly [value: Json | undefined, float?: number, text?: number, integer?: number][] =
  [
    [50, 50, 50, 50],
    [-1, -1, -1, -1],
    [50.57, 50],
    [-50.57, -50],
    [5.114698e4, 51146],
    ["100", 100, 100],
    ["000100", 100, 100],
    [" +100 ", 100, 100],
    ["-100", -100, -100],
    ["1.5"],
    ["1e3"],
    ["0x10"],
    ["1_000"],
    [""],
    ["+"],
    ["99999999999999999999"],
    [null],
    [true],
    [[]],
    [{}],
    [undefined],
  ];

test.each(CASES)("%j is read by each generation of rules", (value, float, text, integer) => {
  expect(readFloatOrText(value)).toBe(float);
  expect(readIntegerOrText(value)).toBe(text);
  expect(readInteger(value)).toBe(integer);
});
