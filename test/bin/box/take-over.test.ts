import { expect, test } from "vitest";
import { TakeOver } from "../../../bin/box/take-over.ts";
import type { BoxId } from "../../../core/ids.ts";
import type { Dot, Origin, Vector } from "../../../core/vector.ts";
import { covers, floorOf, includes, originOf } from "../../../core/vector.ts";
import type { Entry } from "../../../mesh/journal/entry.ts";
import { Prng } from "../../simulation/prng.ts";

const SEED = Number(process.env["SEED"] ?? Date.now() & 0x7fffffff);
const BOXES = ["a", "b", "c"].map((name) => name.repeat(8) as BoxId);
const [A, B, C] = BOXES.map((box) => originOf(box, 5)) as [Origin, Origin, Origin];

/** A journal that takes what builds upon what it has, but for the `refused`. */
function journal(refused: readonly Dot[] = []) {
  const vector: Record<Origin, number> = {};
  for (const box of BOXES) vector[floorOf(box)] = 0;
  const batches: number[] = [];
  const ledger = {
    vector: vector as Vector,
    has: (dot: Dot) => covers(vector, dot),
    lastApplied: (origin: Origin) => vector[origin],
  };
  const take = (texts: readonly string[]): Promise<void> => {
    batches.push(texts.length);
    for (const text of texts) {
      const { origin, seq, deps } = JSON.parse(text) as Dot & { deps: Vector };
      const isRefused = refused.some((dot) => dot.origin === origin && dot.seq === seq);
      const isNext = seq === (vector[origin] ?? 0) + 1;
      if (!isRefused && isNext && includes(vector, deps)) vector[origin] = seq;
    }
    return Promise.resolve();
  };
  return { ledger, take, batches };
}

function entry(origin: Origin, seq: number, deps: Vector = {} as Vector, padding = 0): Entry {
  const text = JSON.stringify({ origin, seq, deps, padding: "x".repeat(padding) });
  return { transaction: { origin, seq, deps }, text } as unknown as Entry;
}

/** One read of a store, which has the entries by origin. */
async function read(on: ReturnType<typeof journal>, entries: readonly Entry[]): Promise<TakeOver> {
  const takeOver = new TakeOver(on);
  const inOrder = entries.toSorted(({ transaction: a }, { transaction: b }) =>
    a.origin === b.origin ? a.seq - b.seq : a.origin < b.origin ? -1 : 1,
  );
  for (const each of inOrder) await takeOver.add(each);
  await takeOver.end();
  return takeOver;
}

/** Each box builds upon what the other said before, in turn. */
const conversation = (turns: number): Entry[] =>
  Array.from({ length: turns }, (_, i) => [
    entry(A, i + 1, { [B]: i } as Vector),
    entry(B, i + 1, { [A]: i + 1 } as Vector),
  ]).flat();

test("what two boxes said in turn is taken over at one read, and in few writes", async () => {
  const on = journal();
  const { taken, left } = await read(on, conversation(1000));
  expect([taken, left]).toEqual([2000, 0]);
  expect(on.batches.length).toBeLessThan(20);
});

test("hundreds of short lives of a box are taken over in few writes", async () => {
  const on = journal();
  const box = BOXES[0] as BoxId;
  const lives = Array.from({ length: 400 }, (_, i) => originOf(box, 5 + i));
  const { taken, left } = await read(
    on,
    lives.flatMap((life) => [entry(life, 1), entry(life, 2)]),
  );
  expect([taken, left]).toEqual([800, 0]);
  expect(on.batches.length).toBeLessThan(8);
});

test(`whatever builds upon what, all of it is taken over at one read (SEED=${SEED})`, async () => {
  const prng = new Prng(String(SEED));
  const seen = new Map<Origin, Record<Origin, number>>([A, B, C].map((one) => [one, {}]));
  const entries: Entry[] = [];
  for (let i = 0; i < 600; i++) {
    const origin = prng.pick([A, B, C]);
    const known = seen.get(origin) ?? {};
    for (const [one, seq] of Object.entries(seen.get(prng.pick([A, B, C])) ?? {}))
      known[one as Origin] = Math.max(known[one as Origin] ?? 0, seq);
    const seq = (known[origin] ?? 0) + 1;
    entries.push(entry(origin, seq, { ...known } as Vector));
    known[origin] = seq;
  }
  const { taken, left } = await read(journal(), entries);
  expect([taken, left]).toEqual([600, 0]);
});

test("what builds upon an entry that is missing or refused is left, and nothing else is", async () => {
  const all = [...conversation(10), entry(C, 1), entry(C, 2, { [A]: 3 } as Vector)];
  const isThere = ({ transaction: { origin, seq } }: Entry): boolean => origin !== B || seq !== 5;
  const missing = await read(journal(), all.filter(isThere));
  // A says 1 to 5 and B 1 to 4 before that.
  expect([missing.taken, missing.left]).toEqual([11, 10]);
  const refused = await read(journal([{ origin: B, seq: 5 }]), all);
  expect([refused.taken, refused.left]).toEqual([11, 11]);
});

test("what is too much to hold is left for the next read, which takes it", async () => {
  const on = journal();
  const large = Array.from({ length: 40 }, (_, i) =>
    entry(A, i + 1, { [B]: 1 } as Vector, 2 ** 17),
  );
  const all = [...large, entry(B, 1)];
  const first = await read(on, all);
  expect(first.left).toBeGreaterThan(10);
  expect(first.taken + first.left).toBe(41);
  const second = await read(on, all);
  expect([second.taken, second.left]).toEqual([first.left, 0]);
});
