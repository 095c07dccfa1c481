import { describe, expect, test } from "vitest";
import {
  DEFAULT_ROOM_VERSION,
  ROOM_VERSIONS,
  roomVersion,
  roomVersionOf,
} from "../../../core/room-version/table.ts";

test("there are the room versions 1 to 12, and 12 is the default", () => {
  expect([...ROOM_VERSIONS.keys()]).toEqual(Array.from({ length: 12 }, (_, n) => String(n + 1)));
  for (const [id, row] of ROOM_VERSIONS) expect(row.id).toBe(id);
  expect(DEFAULT_ROOM_VERSION).toBe("12");
});

test.each(["", "0", "13", "1.0", "org.matrix.msc1234", "constructor", "__proto__"])(
  "%j is not a room version",
  (id) => {
    expect(() => roomVersion(id)).toThrow(
      expect.objectContaining({ errcode: "M_UNSUPPORTED_ROOM_VERSION", status: 400 }),
    );
  },
);

describe("the version that a create event names", () => {
  test("is 1 if it names none", () => {
    expect(roomVersionOf({ content: {} }).id).toBe("1");
    expect(roomVersionOf({ content: { room_version: "11" } }).id).toBe("11");
  });

  test.each([11, null, {}, "unknown"])("must be known: %j", (version) => {
    expect(() => roomVersionOf({ content: { room_version: version } })).toThrow(
      expect.objectContaining({ errcode: "M_UNSUPPORTED_ROOM_VERSION" }),
    );
  });
});
