import { expect, test } from "vitest";
import { isObject, parseJson } from "../../core/json.ts";

test("text that is no JSON is undefined, which no JSON text is", () => {
  const none = ["", "{", "undefined", "{'a': 1}", "1 2"];
  expect(none.filter((text) => parseJson(text) !== undefined)).toEqual([]);
  expect(parseJson("null")).toBeNull();
  expect(parseJson('{"a":[1]}')).toEqual({ a: [1] });
});

test("only an object with members is one", () => {
  expect([{}, [], null, "x", undefined].map(isObject)).toEqual([true, false, false, false, false]);
});
