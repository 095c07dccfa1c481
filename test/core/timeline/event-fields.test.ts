import { expect, test } from "vitest";
import { parsePropertyPath, pickFields } from "../../../core/timeline/event-fields.ts";

test("property paths are split at dots that are not escaped", () => {
  expect(parsePropertyPath("content.body")).toEqual(["content", "body"]);
  expect(parsePropertyPath(String.raw`content.m\.relates_to`)).toEqual(["content", "m.relates_to"]);
  expect(parsePropertyPath(String.raw`a\\.b`)).toEqual(["a\\", "b"]);
  expect(parsePropertyPath(String.raw`a\x`)).toEqual([String.raw`a\x`]);
});

test("an event keeps the named fields only", () => {
  const event = {
    type: "t",
    content: { body: "b", msgtype: "m", deep: { x: 1, y: 2 } },
    sender: "s",
  };
  const paths = ["type", "content.body", "content.deep.y", "content.nothing", "sender.x"];
  expect(pickFields(event, paths.map(parsePropertyPath))).toEqual({
    type: "t",
    content: { body: "b", deep: { y: 2 } },
  });
});

test("a field that is called __proto__ stays a field", () => {
  const event = JSON.parse('{"content": {"__proto__": {"polluted": 1}, "constructor": 2}}') as {
    content: Record<string, never>;
  };
  const picked = pickFields(event, [
    ["content", "__proto__", "polluted"],
    ["content", "constructor"],
  ]);
  expect(JSON.stringify(picked)).toBe('{"content":{"__proto__":{"polluted":1},"constructor":2}}');
  expect(Object.getPrototypeOf(picked["content"])).toBe(Object.prototype);
});
