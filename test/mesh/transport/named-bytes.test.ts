import { describe, expect, test } from "vitest";
import { decodeNamed, encodeNamed } from "../../../mesh/transport/named-bytes.ts";
import { bytes } from "./support.ts";

describe("named bytes", () => {
  test("carry their name and an empty body too", () => {
    expect(decodeNamed(encodeNamed("journal-2", bytes("x")))).toEqual({
      name: "journal-2",
      bytes: Buffer.from("x"),
    });
    expect(decodeNamed(encodeNamed("a", bytes("")))?.bytes).toHaveLength(0);
  });

  test.each(["", "Upper", "a b", "a".repeat(33)])("cannot be called %j", (name) => {
    expect(() => encodeNamed(name, bytes(""))).toThrow("name");
  });

  test.each([
    ["nothing", []],
    ["an empty name", [0, 97]],
    ["a name longer than the bytes", [5, 97]],
    ["a name with other characters", [2, 97, 0]],
  ])("are not read from %s", (_, content) => {
    expect(decodeNamed(Uint8Array.from(content))).toBeUndefined();
  });
});
