import { expect, test } from "vitest";
import { originOf } from "../../../core/vector.ts";
import type { Vector } from "../../../core/vector.ts";
import { decodeFrame, encodeFrame } from "../../../mesh/replica/frames.ts";
import type { Frame } from "../../../mesh/replica/frames.ts";
import { REPLICATION_PROTOCOL } from "../../../mesh/replica/protocol.ts";
import { boxOfName } from "../journal/open-ledger.ts";

const vector = { [originOf(boxOfName("a"), 1)]: 3 } as Vector;
const FRAMES: readonly Frame[] = [
  { kind: "hello", speaks: REPLICATION_PROTOCOL, vector },
  { kind: "vector", vector },
  { kind: "entries", texts: ["{}", '{"a":1}'] },
  { kind: "confirm", vector },
  { kind: "gone", isGone: true },
  { kind: "gone", isGone: false },
];

test.each(FRAMES)("a frame of kind $kind arrives as it was sent", (frame) => {
  expect(decodeFrame(encodeFrame(frame))).toEqual(frame);
});

test.each(["", "x", "g", "gyes", "v", "v[]", "h{}", 'h{"protocol":"1","vector":{}}', "c7"])(
  "%j is no frame",
  (text) => {
    expect(decodeFrame(Buffer.from(text))).toBeUndefined();
  },
);
