import { expect, test } from "vitest";
import { FRAME_BYTES_MAX } from "../../../mesh/outbox/constants.ts";
import { decodeOutboxFrame, encodeOutboxFrame } from "../../../mesh/outbox/frames.ts";
import type { OutboxFrame } from "../../../mesh/outbox/frames.ts";
import type { BoxId } from "../../../core/ids.ts";
import { originOf } from "../../../core/vector.ts";

const BOX = "aaaaaaaa" as BoxId;
const FRAME: OutboxFrame = {
  sees: [BOX],
  asks: true,
  works: false,
  settled: [
    {
      kind: "settled",
      lane: "push",
      origin: originOf(BOX, 7),
      done: [[1, 0]],
      owed: [[[2, 0], ["phone"]]],
    },
  ],
};

test("a frame comes out as it went in", () => {
  expect(decodeOutboxFrame(encodeOutboxFrame(FRAME))).toEqual(FRAME);
});

test("a box of an earlier version, which does not say so, takes writes", () => {
  const { works: _, ...earlier } = FRAME;
  const bytes = Buffer.from(JSON.stringify(earlier));
  expect(decodeOutboxFrame(bytes)).toEqual({ ...FRAME, works: true });
});

test.each<[string, unknown]>([
  ["no object", 5],
  ["no boxes", { settled: [] }],
  ["too many boxes", { sees: Array.from({ length: 65 }, () => BOX), settled: [] }],
  ["no record", { sees: [], settled: [5] }],
  ["no origin", { sees: [], settled: [{ ...FRAME.settled[0], origin: "x" }] }],
  ["no place", { sees: [], settled: [{ ...FRAME.settled[0], done: [[1]] }] }],
  ["a negative place", { sees: [], settled: [{ ...FRAME.settled[0], done: [[1, -1]] }] }],
  [
    "targets that are none",
    { sees: [], settled: [{ ...FRAME.settled[0], owed: [[[1, 0], [5]]] }] },
  ],
  [
    "too many places",
    {
      sees: [],
      settled: [{ ...FRAME.settled[0], done: Array.from({ length: 2000 }, () => [1, 0]) }],
    },
  ],
])("a frame with %s is none", (_, value) => {
  expect(decodeOutboxFrame(Buffer.from(JSON.stringify(value)))).toBeUndefined();
});

test("bytes that are no JSON, or too many, are no frame", () => {
  expect(decodeOutboxFrame(Buffer.from("{"))).toBeUndefined();
  expect(decodeOutboxFrame(Buffer.alloc(FRAME_BYTES_MAX + 1, " "))).toBeUndefined();
});
