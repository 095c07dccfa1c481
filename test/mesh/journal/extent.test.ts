import { expect, test } from "vitest";
import { originOf } from "../../../core/vector.ts";
import type { Vector } from "../../../core/vector.ts";
import { hashOfEntry, parseEntry } from "../../../mesh/journal/entry.ts";
import { JournalExtent } from "../../../mesh/journal/extent.ts";
import { checkJournal } from "../../../mesh/store/check-journal.ts";
import {
  JOURNAL_LENGTH_KEY,
  STORE_ID_KEY,
  floorKey,
  journalKey,
} from "../../../mesh/store/mesh-keys.ts";
import { boxOfName, entriesOf, openLedger, write } from "./open-ledger.ts";
import type { OpenLedger } from "./open-ledger.ts";

const A1 = originOf(boxOfName("a"), 1);

async function cutAt(box: OpenLedger, seq: number): Promise<void> {
  const { ledger, state } = box;
  const from = ledger.extent.floorOf(A1) + 1;
  const texts = (await entriesOf(box, A1)).slice(0, seq - from + 1);
  const length = texts.join("").length;
  const stage = state.begin();
  ledger.extent.cut(stage, [
    { origin: A1, from, through: { seq, hash: hashOfEntry(texts.at(-1) ?? "") }, length },
  ]);
  await state.commit(stage);
  ledger.extent.settle();
}

async function filled(options: Parameters<typeof openLedger>[0] = {}): Promise<OpenLedger> {
  const box = await openLedger(options);
  await box.store.batch([{ type: "put", key: STORE_ID_KEY, value: "store" }]);
  for (let i = 0; i < 10; i++) await write(box, `note ${i}`);
  return box;
}

const lengthOf = async (box: OpenLedger): Promise<number> =>
  (await entriesOf(box, A1)).join("").length;

test("the length of the journal is counted with each entry and each cut, also across lives", async () => {
  const box = await filled();
  expect(box.ledger.extent.length).toBe(await lengthOf(box));
  await cutAt(box, 4);
  expect(box.ledger.extent.length).toBe(await lengthOf(box));
  const later = await openLedger({ disk: box.disk, incarnation: 2 });
  expect(later.ledger.extent.length).toBe(await lengthOf(later));
  expect(later.ledger.extent.floors).toEqual(box.ledger.extent.floors);
});

test("a journal whose length nobody counted is measured", async () => {
  const box = await filled();
  await box.store.batch([{ type: "del", key: JOURNAL_LENGTH_KEY }]);
  expect((await JournalExtent.load(box.store)).length).toBe(await lengthOf(box));
});

test("a cut takes the oldest entries and leaves the hash of the last of them, on which the next rests", async () => {
  const box = await filled();
  const before = await entriesOf(box, A1);
  await cutAt(box, 4);
  expect(await entriesOf(box, A1)).toEqual(before.slice(4));
  expect(box.ledger.extent.floors.get(A1)).toEqual({ seq: 4, hash: hashOfEntry(before[3] ?? "") });
  expect(parseEntry(before[4] ?? "").transaction.prev).toBe(hashOfEntry(before[3] ?? ""));
  expect(box.ledger.extent.count(box.ledger.positions())).toBe(6);
  expect(await checkJournal(box.store)).toBeUndefined();
  await write(box, "and on");
  expect(await checkJournal(box.store)).toBeUndefined();
});

test("a journal may be cut to nothing, and goes on", async () => {
  const box = await filled();
  await cutAt(box, 10);
  expect(await entriesOf(box, A1)).toEqual([]);
  expect(box.ledger.extent.length).toBe(0);
  expect(await checkJournal(box.store)).toBeUndefined();
  await write(box, "and on");
  expect(await checkJournal(box.store)).toBeUndefined();
});

test("only boxes above all floors can be brought up by entries", async () => {
  const box = await filled();
  expect(box.ledger.extent.reaches({})).toBe(true);
  await cutAt(box, 4);
  expect(box.ledger.extent.reaches({})).toBe(false);
  expect(box.ledger.extent.reaches({ [A1]: 3 } as Vector)).toBe(false);
  expect(box.ledger.extent.reaches({ [A1]: 4 } as Vector)).toBe(true);
});

test.each(["before", "after"] as const)(
  "a cut that failed %s the disk had it leaves what is there",
  async (when) => {
    let isBroken = false;
    const fail = async (): Promise<void> => {
      if (isBroken) throw new Error("EIO");
    };
    const faults = when === "before" ? { beforeWrite: fail } : { afterWrite: fail };
    const box = await filled({ faults });
    isBroken = true;
    await expect(cutAt(box, 4)).rejects.toThrow("EIO");
    isBroken = false;
    expect(box.ledger.extent.floorOf(A1)).toBe(when === "before" ? 0 : 4);
    expect(box.store.get(floorKey(A1)) !== undefined).toBe(when === "after");
    expect(box.store.get(journalKey(A1, 4)) === undefined).toBe(when === "after");
    expect(box.ledger.extent.length).toBe(await lengthOf(box));
    await cutAt(box, 6);
    expect(await checkJournal(box.store)).toBeUndefined();
  },
);
