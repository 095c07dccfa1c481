import { describe, expect, it } from "vitest";
import type { BoxId } from "../../core/ids.ts";
import {
  decodeVector,
  encodeVector,
  originOf,
  parseVector,
  VECTOR_ENTRIES_MAX,
} from "../../core/vector.ts";
import type { Origin, Vector } from "../../core/vector.ts";

const BOX = "abcdefgh" as BoxId;

function lives(count: number): Vector {
  const out: Record<Origin, number> = {};
  for (let i = 0; i < count; i++) out[originOf(BOX, 1_800_000_000_000 + i)] = i + 1;
  return out;
}

describe("the text of a vector", () => {
  it("holds every life that restarts during a long absence leave open, and no more than the limit", () => {
    const many = lives(VECTOR_ENTRIES_MAX);
    expect(decodeVector(encodeVector(many))).toEqual(many);
    expect(parseVector(many)).toEqual(many);
    const tooMany = lives(VECTOR_ENTRIES_MAX + 1);
    expect(decodeVector(encodeVector(tooMany))).toBeUndefined();
    expect(parseVector(tooMany)).toBeUndefined();
  });

  it("of three boxes is short", () => {
    const boxes = ["aaaaaaaa", "bbbbbbbb", "77777777"] as BoxId[];
    const vector = Object.fromEntries(boxes.map((box) => [originOf(box, 2e12), 4_000_000_000]));
    expect(encodeVector(vector)).toHaveLength(60);
    expect(decodeVector(encodeVector(vector))).toEqual(vector);
  });

  it("is refused when it is cut, lengthened, or not the one text of its vector", () => {
    const text = encodeVector(lives(3));
    for (const bad of [
      text.slice(1),
      text.slice(0, -1),
      `${text}A`,
      `${text}==`,
      "!",
      text + text,
    ]) {
      expect(decodeVector(bad)).toBeUndefined();
    }
    expect(decodeVector("")).toEqual({});
  });
});
