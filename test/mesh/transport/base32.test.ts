import { describe, expect, test } from "vitest";
import { base32, parseBase32 } from "../../../mesh/transport/base32.ts";
import { bytes, realRandom } from "./support.ts";

describe("base32", () => {
  // RFC 4648 section 10, lower case and without padding.
  test.each([
    ["", ""],
    ["f", "my"],
    ["fo", "mzxq"],
    ["foo", "mzxw6"],
    ["foob", "mzxw6yq"],
    ["fooba", "mzxw6ytb"],
    ["foobar", "mzxw6ytboi"],
  ])("of %j is the RFC's %j, and back", (plain, encoded) => {
    expect(base32(bytes(plain))).toBe(encoded);
    expect(parseBase32(encoded)).toEqual(bytes(plain));
  });

  test("round-trips any length", () => {
    for (let length = 0; length < 70; length += 1) {
      const original = realRandom.bytes(length);
      expect(parseBase32(base32(original))).toEqual(original);
    }
  });

  test.each(["m0", "MY", "m", "mz1", "m=", "mb"])("does not read %j", (text) => {
    expect(parseBase32(text)).toBeUndefined();
  });
});
