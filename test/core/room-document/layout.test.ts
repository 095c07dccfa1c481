import { expect, test } from "vitest";
import { stateKeyOf } from "../../../core/event/state-key.ts";
import type { RoomId } from "../../../core/ids.ts";
import {
  BUCKET_NAME_KEY,
  BUCKETS_KEY,
  digitsOf,
  encodePointer,
  isStateKey,
  parsePointer,
  pointerKey,
  prefixOf,
} from "../../../core/room-document/layout.ts";
import { generationOf, roomDoc } from "../../../core/room-document/names.ts";

const ROOM = "!room:with\u001fodd" as RoomId;
const hash = (digit: string): string => digit.repeat(64);

test("what a document holds besides state is taken for no state, nor the other way about", () => {
  for (const key of [BUCKETS_KEY, BUCKET_NAME_KEY, pointerKey("0123")]) {
    expect(isStateKey(key)).toBe(false);
  }
  for (const [type, key] of [
    ["", ""],
    ["bucket 1", ""],
    ["m.room.member", "@a:b"],
  ] as const) {
    expect(isStateKey(stateKeyOf(type, key))).toBe(true);
    expect(prefixOf(stateKeyOf(type, key))).toBeUndefined();
  }
});

test("a document's name tells its room and generation", () => {
  expect(roomDoc(ROOM)).toBe(`room:${ROOM}`);
  expect(generationOf(roomDoc(ROOM))).toBeUndefined();
  expect(generationOf(roomDoc(ROOM, hash("a")))).toBe(hash("a"));
  expect(generationOf(`user:@a\u001f${hash("a")}` as "mesh")).toBeUndefined();
  expect(() => roomDoc(ROOM, "short")).toThrow("named by the hash");
});

test("a pointer is read as it was written", () => {
  const leaf = { doc: roomDoc(ROOM, hash("1")), heads: [hash("2"), hash("3")] };
  expect(parsePointer(ROOM, encodePointer(leaf))).toEqual(leaf);
});

test.each([
  undefined,
  "",
  hash("1"),
  `${hash("1")} ${hash("2")} short`,
  `${hash("1")}  ${hash("2")}`,
  `${hash("G")} ${hash("2")}`,
  [hash("1"), ...Array.from({ length: 257 }, () => hash("2"))].join(" "),
])("a pointer that nobody of ours wrote leads nowhere: %#", (text) => {
  expect(parsePointer(ROOM, text)).toBeUndefined();
});

test.each(["bucket ", "bucket 4", "bucket 0123012301230", "bucket 01 ", "buckets"])(
  "%j names no bucket",
  (key) => {
    expect(prefixOf(key)).toBeUndefined();
  },
);

test("keys spread evenly over the buckets", () => {
  const counts = new Map<string, number>();
  for (let i = 0; i < 4000; i++) {
    const prefix = digitsOf(stateKeyOf("m.room.member", `@user${i}:hearth.test`)).slice(0, 2);
    counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
  }
  expect(counts.size).toBe(16);
  for (const count of counts.values()) expect(Math.abs(count - 250)).toBeLessThan(80);
});
