import { expect, test } from "vitest";
import { originOf } from "../../../core/vector.ts";
import type { Origin } from "../../../core/vector.ts";
import type { Ledger } from "../../../mesh/journal/ledger.ts";
import { readBatch } from "../../../mesh/replica/batch.ts";
import { BATCH_ENTRIES_MAX, BATCH_LENGTH_MAX } from "../../../mesh/replica/constants.ts";
import { boxOfName } from "../journal/open-ledger.ts";

const A = originOf(boxOfName("a"), 1);
const B = originOf(boxOfName("b"), 1);

/** A journal of `[time, length]` by origin. */
function journal(rows: Readonly<Record<string, readonly (readonly [number, number])[]>>): Ledger {
  const read = async (origin: Origin, from: number, limit: number): Promise<string[]> =>
    (rows[origin] ?? [])
      .map(([time, length], i) => `{"seq":${i + 1},"time":${time},"pad":"${"x".repeat(length)}"}`)
      .slice(from - 1, from - 1 + limit);
  return { read } as unknown as Ledger;
}

const timesOf = (texts: readonly string[]): number[] =>
  texts.map((text) => (JSON.parse(text) as { time: number }).time);

test("entries of several origins come in the order of their times, causes before effects", async () => {
  const source = journal({
    [A]: [
      [1, 0],
      [4, 0],
      [6, 0],
    ],
    [B]: [
      [2, 0],
      [3, 0],
      [5, 0],
    ],
  });
  const { texts, through } = await readBatch(source, [
    [A, 1],
    [B, 2],
  ]);
  expect(timesOf(texts)).toEqual([1, 3, 4, 5, 6]);
  expect([...through]).toEqual([
    [A, 3],
    [B, 3],
  ]);
});

test("a batch ends where an origin may hold something earlier than the others", async () => {
  const share = Math.floor(BATCH_ENTRIES_MAX / 2);
  const early = Array.from({ length: share + 5 }, (_, i): [number, number] => [i + 1, 0]);
  const source = journal({ [A]: early, [B]: [[9999, 0]] });
  const { texts, through } = await readBatch(source, [
    [A, 1],
    [B, 1],
  ]);
  expect([texts.length, through.get(A), through.get(B)]).toEqual([share, share, undefined]);
});

test("a batch is bounded by its text, and one entry always goes", async () => {
  const half = Math.ceil(BATCH_LENGTH_MAX / 2);
  const big = journal({
    [A]: [
      [1, half],
      [2, half],
      [3, 1],
    ],
  });
  expect((await readBatch(big, [[A, 1]])).texts).toHaveLength(1);
  const huge = journal({ [A]: [[1, BATCH_LENGTH_MAX * 2]] });
  expect((await readBatch(huge, [[A, 1]])).texts).toHaveLength(1);
  expect((await readBatch(huge, [])).texts).toEqual([]);
});
