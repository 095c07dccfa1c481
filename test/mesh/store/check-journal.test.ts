import { beforeEach, describe, expect, it } from "vitest";
import { EMPTY_VECTOR } from "../../../core/vector.ts";
import type { Origin } from "../../../core/vector.ts";
import { checkJournal } from "../../../mesh/store/check-journal.ts";
import { hashOfEntry } from "../../../mesh/journal/entry.ts";
import { markOf } from "../../../mesh/store/mark.ts";
import { MemoryDisk, MemoryStore } from "../../../mesh/store/memory-store.ts";
import {
  CLOCK_KEY,
  JOURNAL_LENGTH_KEY,
  STORE_ID_KEY,
  VECTOR_KEY,
  floorKey,
  journalKey,
  positionKey,
} from "../../../mesh/store/mesh-keys.ts";
import { A, B, JournalFixture } from "./journal-fixture.ts";

let disk: MemoryDisk;
let store: MemoryStore;
let fixture: JournalFixture;
beforeEach(async () => {
  disk = new MemoryDisk(50);
  store = new MemoryStore(disk);
  fixture = new JournalFixture();
  await store.batch([{ type: "put", key: STORE_ID_KEY, value: "store one" }]);
  await fixture.write(store, A, 12);
  await fixture.write(store, B, 3);
});

const set = (key: string, value: string): Promise<void> =>
  store.batch([{ type: "put", key, value }]);
const del = (key: string): Promise<void> => store.batch([{ type: "del", key }]);

describe("the check of the journal", () => {
  it("passes a whole one, with its mark, an older mark or none", async () => {
    expect(await checkJournal(store)).toBeUndefined();
    const mark = markOf(store);
    await fixture.write(store, A, 2);
    expect(await checkJournal(store, mark)).toBeUndefined();
    expect(await checkJournal(store, markOf(store))).toBeUndefined();
  });

  it("passes an empty one, unless the mark knows better", async () => {
    const mark = markOf(store);
    const empty = new MemoryStore();
    expect(await checkJournal(empty)).toBe("the store has lost its name");
    await empty.batch([{ type: "put", key: STORE_ID_KEY, value: "store one" }]);
    expect(await checkJournal(empty)).toBeUndefined();
    expect(await checkJournal(empty, mark)).toContain("once known, is missing");
  });

  it("passes lives that the vector implies, and not those that it does not", async () => {
    await fixture.write(store, "aaaaaaaa.2" as Origin, 1);
    await set(VECTOR_KEY, JSON.stringify({ "aaaaaaaa.2": 1, [B]: 3 }));
    expect(await checkJournal(store)).toBeUndefined();
    await set(VECTOR_KEY, JSON.stringify({ [A]: 12, "aaaaaaaa.2": 1 }));
    expect(await checkJournal(store)).toBe(`${B} is not in the vector`);
  });

  it("finds every single missing or changed row", async () => {
    const rows = [...disk.entries].filter(([key]) => key !== STORE_ID_KEY);
    for (const [key, value] of rows) {
      for (const damaged of [undefined, "", value.slice(0, -1), value.replace(/[1-9]/, "0")]) {
        await (damaged === undefined ? del(key) : set(key, damaged));
        expect(await checkJournal(store), `${key} as ${damaged}`).toBeTypeOf("string");
        await set(key, value);
      }
    }
    expect(await checkJournal(store)).toBeUndefined();
  });

  it("finds a time and a length that are none, which a start would reckon with", async () => {
    for (const [key, lost] of [
      [CLOCK_KEY, "the store has lost its time"],
      [JOURNAL_LENGTH_KEY, "the store has lost the length of its journal"],
    ] as const) {
      await set(key, "1767225600000000");
      expect(await checkJournal(store)).toBeUndefined();
      for (const damaged of ["", "x", "1e9", "-1", "12345678901234567890"]) {
        await set(key, damaged);
        expect(await checkJournal(store)).toBe(lost);
      }
      await del(key);
    }
  });

  it("reads the newest part of old journals only, and their first and last entries in any case", async () => {
    const C = "aaaaaaaa.5" as Origin;
    const D = "aaaaaaaa.9" as Origin;
    await fixture.write(store, C, 6);
    await fixture.write(store, D, 8);
    const isNoticed = async (origin: Origin, seq: number): Promise<boolean> => {
      const key = journalKey(origin, seq);
      const text = disk.entries.get(key) ?? "";
      await del(key);
      const found = await checkJournal(store, undefined, 5);
      await set(key, text);
      return found !== undefined;
    };
    const noticed = async (origin: Origin, count: number): Promise<number[]> => {
      const found: number[] = [];
      for (let seq = 1; seq <= count; seq++) if (await isNoticed(origin, seq)) found.push(seq);
      return found;
    };
    expect(await noticed(D, 8)).toEqual([1, 4, 5, 6, 7, 8]);
    expect(await noticed(B, 3)).toEqual([1, 2, 3]);
    expect(await noticed(C, 6)).toEqual([1, 6]);
    expect(await noticed(A, 12)).toEqual([1, 12]);
  });

  it("finds a tail that is gone without a trace, by the mark", async () => {
    const mark = markOf(store);
    disk.crash({ loseBatches: 2 });
    const after = new MemoryStore(disk);
    expect(await checkJournal(after)).toBeUndefined();
    expect(await checkJournal(after, mark)).toBe(`entry 3 of ${B}, once known, is missing`);
  });

  it("finds another store, or another history under the same numbers", async () => {
    const mark = markOf(store);
    expect(await checkJournal(store, { ...mark, store: "store two" })).toContain("not the store");
    const hashes = { ...mark.hashes, [A]: "other" };
    expect(await checkJournal(store, { ...mark, hashes })).toContain("another one than it was");
  });

  it("finds entries that belong to nothing", async () => {
    const text = disk.entries.get(journalKey(A, 1)) ?? "";
    await set(journalKey("cccccccc.1" as Origin, 1), text);
    expect(await checkJournal(store)).toBe("entries of cccccccc.1 have no place");
    await set(positionKey("cccccccc.1" as Origin), JSON.stringify({ seq: 1, hash: "" }));
    expect(await checkJournal(store)).toContain("not in the vector");
    await del(positionKey("cccccccc.1" as Origin));
    await del(journalKey("cccccccc.1" as Origin, 1));
    await set(journalKey(A, 13), text);
    expect(await checkJournal(store)).toBe(`entry 13 of ${A} is another one's`);
    await del(journalKey(A, 13));
    await set("j/garbage", "x");
    expect(await checkJournal(store)).toContain("damaged name");
  });

  it("says so when the store cannot be read", async () => {
    const broken = new MemoryStore(disk, { beforeRange: () => Promise.reject(new Error("EIO")) });
    expect(
      await checkJournal(broken, { store: "store one", vector: EMPTY_VECTOR, hashes: {} }),
    ).toBe("the store cannot be read: Error: EIO");
  });

  describe("of which the oldest entries were dropped", () => {
    const hashOf = (origin: Origin, seq: number): string =>
      hashOfEntry(fixture.texts.get(journalKey(origin, seq)) ?? "");
    const drop = async (origin: Origin, through: number): Promise<void> => {
      for (let seq = 1; seq <= through; seq++) await del(journalKey(origin, seq));
      const place = { seq: through, hash: hashOf(origin, through) };
      await set(floorKey(origin), JSON.stringify(place));
    };

    it("passes, also with a mark from before, and with nothing left", async () => {
      const mark = markOf(store);
      await drop(A, 5);
      expect(await checkJournal(store, mark)).toBeUndefined();
      await drop(A, 12);
      await drop(B, 3);
      expect(await checkJournal(store, mark)).toBeUndefined();
      expect(await checkJournal(store, markOf(store))).toBeUndefined();
    });

    it("is damaged where it begins later or earlier than it says, or with another entry", async () => {
      await drop(A, 5);
      await del(journalKey(A, 6));
      expect(await checkJournal(store)).toBe(`entry 6 of ${A} is missing`);
      await set(journalKey(A, 6), fixture.texts.get(journalKey(A, 6)) ?? "");
      await set(floorKey(A), JSON.stringify({ seq: 4, hash: hashOf(A, 4) }));
      expect(await checkJournal(store)).toBe(`entry 5 of ${A} is missing`);
      await set(floorKey(A), JSON.stringify({ seq: 5, hash: "other" }));
      expect(await checkJournal(store)).toBe(`the entry before 6 of ${A} is damaged`);
      await del(floorKey(A));
      expect(await checkJournal(store)).toBe(`entry 1 of ${A} is missing`);
    });

    it("is damaged where more was dropped than there was, or nothing says where it ended", async () => {
      await set(floorKey(A), JSON.stringify({ seq: 13, hash: "" }));
      expect(await checkJournal(store)).toBe(`more of ${A} was dropped than there was`);
      await set(floorKey(A), JSON.stringify({ seq: 0, hash: "" }));
      expect(await checkJournal(store)).toBe(`more of ${A} was dropped than there was`);
      await drop(A, 12);
      await set(floorKey(A), JSON.stringify({ seq: 12, hash: "other" }));
      expect(await checkJournal(store)).toBe(`all entries of ${A} are missing`);
      await set(floorKey(A), "{");
      expect(await checkJournal(store)).toContain("cannot be read");
    });

    it("is another history where the mark knows another entry in the place of the last one dropped", async () => {
      const mark = markOf(store);
      await drop(A, 12);
      const hashes = { ...mark.hashes, [A]: "other" };
      expect(await checkJournal(store, { ...mark, hashes })).toContain("another one than it was");
    });
  });
});
