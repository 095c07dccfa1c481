import { describe, expect, test } from "vitest";
import { compileEventFilter } from "../../../core/timeline/event-filter.ts";

const event = (type: string, sender = "@a:x", content = {}) => ({ type, sender, content });

describe("an event filter", () => {
  test("lets everything through when it says nothing", () => {
    const filter = compileEventFilter({});
    expect(filter.allows(event("m.room.message"))).toBe(true);
    expect(filter.allowsRoom("!r")).toBe(true);
    expect(compileEventFilter(undefined).allows(event("x"))).toBe(true);
  });

  test("excludes even what it includes", () => {
    const filter = compileEventFilter({
      types: ["m.*"],
      not_types: ["m.room.message"],
      senders: ["@a:x", "@b:x"],
      not_senders: ["@b:x"],
      rooms: ["!r", "!s"],
      not_rooms: ["!s"],
    });
    expect(filter.allows(event("m.room.name"))).toBe(true);
    expect(filter.allows(event("m.room.message"))).toBe(false);
    expect(filter.allows(event("org.x"))).toBe(false);
    expect(filter.allows(event("m.room.name", "@b:x"))).toBe(false);
    expect(filter.allows(event("m.room.name", "@c:x"))).toBe(false);
    expect(["!r", "!s", "!t"].map((room) => filter.allowsRoom(room))).toEqual([true, false, false]);
  });

  test("with an empty list of what to include includes nothing", () => {
    expect(compileEventFilter({ types: [] }).allows(event("m.room.name"))).toBe(false);
    expect(compileEventFilter({ rooms: [] }).allowsRoom("!r")).toBe(false);
  });

  test("looks for a url where it is told to", () => {
    const withUrl = event("m.room.message", "@a:x", { url: "mxc://x/y" });
    expect(compileEventFilter({ contains_url: true }).allows(withUrl)).toBe(true);
    expect(compileEventFilter({ contains_url: false }).allows(withUrl)).toBe(false);
    expect(compileEventFilter({ contains_url: false }).allows(event("m.room.message"))).toBe(true);
  });

  test("of the wrong form is refused", () => {
    for (const json of [
      [],
      "x",
      { types: "m" },
      { types: [1] },
      { limit: -1 },
      { limit: 1.5 },
      { lazy_load_members: 1 },
    ]) {
      expect(() => compileEventFilter(json)).toThrow(
        expect.objectContaining({ errcode: "M_BAD_JSON" }),
      );
    }
  });
});
