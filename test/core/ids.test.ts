import { describe, expect, test } from "vitest";
import {
  ID_BYTES_MAX,
  isLocalpart,
  localpartOf,
  parseBoxId,
  parseDeviceId,
  parseEventId,
  parseRoomAlias,
  parseRoomId,
  parseServerName,
  parseUserId,
  serverOf,
  userId,
} from "../../core/ids.ts";
import type { ServerName } from "../../core/ids.ts";

/** https://spec.matrix.org/v1.19/appendices/#server-name, its examples first. */
describe("a server name", () => {
  test.each([
    "matrix.org",
    "matrix.org:8888",
    "1.2.3.4",
    "1.2.3.4:1234",
    "[1234:5678::abcd]",
    "[1234:5678::abcd]:5678",
    "[::1]",
    "[::ffff:192.0.2.1]:8448",
    "localhost",
    "a-b.C-d.test:1",
    "xn--bcher-kva.example",
    "example.org.",
    "a".repeat(230),
  ])("may be %s", (name) => {
    expect(parseServerName(name)).toBe(name);
    expect(parseUserId(`@alice:${name}`)).toBe(`@alice:${name}`);
  });

  test.each([
    "",
    ":8448",
    "matrix.org:",
    "matrix.org:123456",
    "matrix.org:80a",
    "matrix.org:8448:1",
    "::1",
    "[::1",
    "[]",
    "[::g]",
    "[::1]x",
    "under_score.test",
    "white space.test",
    "bücher.example",
    "a/b",
    "a@b",
    "a\0.test",
    "a\n",
    "a".repeat(231),
    5,
    undefined,
    null,
  ])("is not %j", (name) => {
    expect(parseServerName(name)).toBeUndefined();
  });
});

describe("a user ID", () => {
  test("is split at its first colon, whatever its server looks like", () => {
    for (const server of ["a.test", "a.test:8448", "[::1]:8448", "1.2.3.4"] as ServerName[]) {
      const id = userId("bob", server);
      expect(parseUserId(id)).toBe(id);
      expect([localpartOf(id), serverOf(id)]).toEqual(["bob", server]);
    }
  });

  test("has at most 255 bytes", () => {
    const longest = `@${"a".repeat(ID_BYTES_MAX - 8)}:b.test`;
    expect(parseUserId(longest)).toBe(longest);
    expect(parseUserId(longest.replace("@", "@a"))).toBeUndefined();
  });

  test("may hold what historical ones hold, and no more", () => {
    expect(parseUserId("@A!$~{}:b.test")).toBeDefined();
    for (const id of ["@a b:b.test", "@ä:b.test", "@:b.test", "a:b.test", "@a", "@a:", 5]) {
      expect(parseUserId(id)).toBeUndefined();
    }
  });

  test("that is made here has a localpart of the strict kind", () => {
    expect(isLocalpart("a.b_c=d-e/f+0")).toBe(true);
    for (const name of ["", "A", "a b", "a:b", "ä", "a!"]) expect(isLocalpart(name)).toBe(false);
  });
});

describe("other identifiers", () => {
  const tooLong = "a".repeat(ID_BYTES_MAX);

  test.each([
    ["a room ID", parseRoomId, ["!a:b.test", `!${"x".repeat(43)}`], ["!", "a:b.test", "#a:b.test"]],
    ["an event ID", parseEventId, ["$a:b.test", `$${"x".repeat(43)}`], ["$", "a", "!a"]],
    ["an alias", parseRoomAlias, ["#a:b.test", "#ä b:[::1]"], ["#a", "a:b.test", "#a:b c"]],
    ["a device ID", parseDeviceId, ["PHONE", "ä b"], [""]],
    ["a box ID", parseBoxId, ["abcdefg2"], ["abcdefg", "abcdefg1", "ABCDEFG2", "abcdefghi"]],
  ] as const)("%s is parsed", (_, parse, good, bad) => {
    for (const text of good) expect(parse(text)).toBe(text);
    for (const text of [...bad, 5, null, undefined, {}]) expect(parse(text)).toBeUndefined();
    for (const text of good) {
      expect(parse(`${text.slice(0, 1)}${tooLong}${text.slice(1)}`)).toBeUndefined();
      expect(parse(`${text}\0`)).toBeUndefined();
    }
  });

  test("sizes are counted in bytes", () => {
    expect(parseDeviceId("é".repeat(127))).toBeDefined();
    expect(parseDeviceId("é".repeat(128))).toBeUndefined();
  });
});
