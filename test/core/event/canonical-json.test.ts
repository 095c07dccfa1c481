import { stringify } from "canonicaljson";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { canonicalJson, NESTING_MAX } from "../../../core/event/canonical-json.ts";

/** https://spec.matrix.org/v1.19/appendices/#examples */
const SPEC_EXAMPLES: readonly [input: string, output: string][] = [
  ["{}", "{}"],
  ['{"one": 1, "two": "Two"}', '{"one":1,"two":"Two"}'],
  ['{"b": "2", "a": "1"}', '{"a":"1","b":"2"}'],
  ['{"b":"2","a":"1"}', '{"a":"1","b":"2"}'],
  [
    `{"auth": {"success": true, "mxid": "@john.doe:example.com", "profile": {"display_name":
    "John Doe", "three_pids": [{"medium": "email", "address": "john.doe@example.org"},
    {"medium": "msisdn", "address": "123456789"}]}}}`,
    '{"auth":{"mxid":"@john.doe:example.com","profile":{"display_name":"John Doe","three_pids":' +
      '[{"address":"john.doe@example.org","medium":"email"},{"address":"123456789","medium":"msisdn"}]' +
      '},"success":true}}',
  ],
  ['{"a": "日本語"}', '{"a":"日本語"}'],
  ['{"本": 2, "日": 1}', '{"日":1,"本":2}'],
  [String.raw`{"a": "\u65E5"}`, '{"a":"日"}'],
  ['{"a": null}', '{"a":null}'],
  ['{"a": -0, "b": 1e10}', '{"a":0,"b":10000000000}'],
];

describe("canonical JSON", () => {
  test.each(SPEC_EXAMPLES)("writes the specification's example %s", (input, output) => {
    expect(canonicalJson(JSON.parse(input))).toBe(output);
  });

  test("orders members by code point, not by UTF-16 unit", () => {
    expect(canonicalJson({ "😀": 1, "～": 2, a: 3 })).toBe('{"a":3,"～":2,"😀":1}');
  });

  test("orders members that look like array indexes as text, also beside astral names", () => {
    expect(canonicalJson({ 9: 1, 10: 2, a: 3 })).toBe('{"10":2,"9":1,"a":3}');
    expect(canonicalJson({ 9: 1, 10: 2, "😀": 3 })).toBe('{"10":2,"9":1,"😀":3}');
  });

  test("keeps members whose names are special to JavaScript", () => {
    const value: unknown = JSON.parse('{"toString":3,"constructor":null,"__proto__":1,"😀":2}');
    expect(canonicalJson(value)).toBe('{"__proto__":1,"constructor":null,"toString":3,"😀":2}');
  });

  test("escapes as little as possible and in lower case", () => {
    expect(canonicalJson('\u001b\u0000\u007f\b\t\n\f\r"\\/é😀')).toBe(
      String.raw`"\u001b\u0000` + "\u007f" + String.raw`\b\t\n\f\r\"\\/é😀"`,
    );
  });

  test("leaves out members that are undefined", () => {
    expect(canonicalJson({ a: undefined, b: 1 })).toBe('{"b":1}');
  });

  test.each([
    ["a float", 1.5],
    ["an integer beyond 53 bits", 2 ** 53],
    ["a negative one", -(2 ** 53)],
    ["NaN", Number.NaN],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["undefined in an array", [undefined]],
    ["a function", () => 1],
    ["a bigint", 1n],
    ["a lone surrogate in a value", "\ud800"],
    ["a lone surrogate in a name", { "\udc00": 1 }],
  ])("refuses %s", (_, value) => {
    expect(() => canonicalJson({ value })).toThrow(
      expect.objectContaining({ errcode: "M_BAD_JSON" }),
    );
  });

  test("takes the largest integers", () => {
    const max = Number.MAX_SAFE_INTEGER;
    expect(canonicalJson([max, -max])).toBe("[9007199254740991,-9007199254740991]");
  });

  test("lets floats and large integers pass where the room version is lenient, but not NaN", () => {
    expect(canonicalJson({ b: 2 ** 53, a: 1.5 }, false)).toBe('{"a":1.5,"b":9007199254740992}');
    expect(() => canonicalJson(Number.NaN, false)).toThrow("finite");
  });

  test("refuses what is nested so deeply that it could exhaust the stack", () => {
    const nested = (levels: number): unknown =>
      JSON.parse("[".repeat(levels) + "]".repeat(levels)) as unknown;
    expect(canonicalJson(nested(NESTING_MAX))).toBe(JSON.stringify(nested(NESTING_MAX)));
    expect(() => canonicalJson(nested(NESTING_MAX + 1))).toThrow("nested too deeply");
  });

  test("agrees with the canonicaljson package, but for its upper-case escapes and special names", () => {
    const text = fc.string({ unit: "grapheme" });
    const name = text.filter((key) => key !== "constructor" && key !== "__proto__");
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: "small" },
        fc.maxSafeInteger(),
        text,
        fc.constantFrom(null, true, false),
        fc.array(tie("value")),
        fc.dictionary(name, tie("value"), { noNullPrototype: true }),
      ),
    }));
    const lowerCase = (json: string): string =>
      json.replaceAll(/\\(?:\\|u00[01][0-9A-F])/g, (escape) => escape.toLowerCase());
    fc.assert(
      fc.property(value, (json) => {
        expect(canonicalJson(json)).toBe(lowerCase(stringify(json)));
      }),
    );
  });
});
