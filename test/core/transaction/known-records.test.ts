import { describe, expect, it } from "vitest";
import { isKnownRecord } from "../../../core/transaction/known-records.ts";

describe("isKnownRecord", () => {
  it.each([
    { kind: "event" },
    { kind: "birth" },
    { kind: "round" },
    { kind: "change", doc: "mesh" },
    { kind: "change", doc: "room:!r" },
    { kind: "change", doc: "user:@u" },
    { kind: "enqueue", queue: "to_device" },
    { kind: "dequeue", queue: "one_time_key" },
    { kind: "effect", lane: "push" },
    // Not of a later version: nonsense, which is refused where its content is looked at.
    { kind: "change", doc: 5 },
    { kind: "change", doc: "mess" },
  ])("knows %j", (record) => {
    expect(isKnownRecord(record)).toBe(true);
  });

  it.each([
    { kind: "poll" },
    { kind: "toString" },
    { kind: 5 },
    {},
    { kind: "enqueue", queue: "pigeons" },
    { kind: "effect", lane: "telegrams" },
    { kind: "dequeue" },
    { kind: "change", doc: "space:!s" },
  ])("does not know %j", (record) => {
    expect(isKnownRecord(record)).toBe(false);
  });
});
