import { expect, test } from "vitest";
import { fields } from "../../../core/tables.ts";
import { originOf } from "../../../core/vector.ts";
import { hashOfEntry, parseEntry } from "../../../mesh/journal/entry.ts";
import { readClock } from "../../../mesh/journal/positions.ts";
import { Intake } from "../../../mesh/replica/intake.ts";
import { HybridClock } from "../../../mesh/clock/hybrid-clock.ts";
import { carryOver, checkCopy } from "../../../mesh/snapshot/carry-over.ts";
import { takeLeftEntries } from "../../../mesh/snapshot/left-entries.ts";
import { MemoryStore } from "../../../mesh/store/memory-store.ts";
import type { MemoryDisk } from "../../../mesh/store/memory-store.ts";
import type { Store } from "../../../mesh/store/store.ts";
import {
  CLAIM_PREFIX,
  CLOCK_KEY,
  LEFT_PREFIX,
  STORE_ID_KEY,
  floorKey,
  heardKey,
  journalKey,
  leftKey,
  rowsUnder,
} from "../../../mesh/store/mesh-keys.ts";
import { boxOfName, entriesOf, openLedger, write } from "../journal/open-ledger.ts";
import type { OpenLedger } from "../journal/open-ledger.ts";

const A1 = originOf(boxOfName("a"), 1);
const B1 = originOf(boxOfName("b"), 1);
const quiet = (): void => undefined;
const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const put = (key: string, value: string) => ({ type: "put", key, value }) as const;

/** A box with three notes of its own, and a copy of its disk as it was then. */
async function boxAndCopy(): Promise<{ box: OpenLedger; copy: MemoryDisk }> {
  const box = await openLedger();
  for (let i = 0; i < 3; i++) await write(box, `early ${i}`);
  const copy = box.disk.clone();
  copy.write([put(STORE_ID_KEY, "copy")]);
  return { box, copy };
}

const leftOn = (disk: MemoryDisk): Promise<[string, string][]> =>
  new MemoryStore(disk).range({ ...rowsUnder(LEFT_PREFIX), limit: 1000 });

/** Starts a box on the disk, as far as what is left goes. */
async function taking(disk: MemoryDisk): Promise<OpenLedger & { taken: number }> {
  const open = await openLedger({ disk, incarnation: 2 });
  const clock = new HybridClock({ wall: () => Date.UTC(2026, 0, 1), floor: readClock(open.store) });
  const intake = new Intake({ ledger: open.ledger, clock, logger });
  const taken = await takeLeftEntries({
    ...open,
    take: (texts) => intake.take(texts),
    has: (dot) => open.ledger.has(dot),
  });
  return { ...open, taken };
}

const has = ({ state }: OpenLedger, text: string): boolean =>
  state.get(fields, ["mesh", "notes", text]) === true;

test("what the box wrote after the copy was begun is applied when it starts on it", async () => {
  const { box, copy } = await boxAndCopy();
  for (let i = 0; i < 4; i++) await write(box, `late ${i}`);
  await carryOver(box.store, new MemoryStore(copy));
  expect((await leftOn(copy)).map(([, text]) => text)).toEqual(await entriesOf(box, A1, 4));
  const next = await taking(copy);
  expect([next.taken, await leftOn(copy)]).toEqual([4, []]);
  expect(next.ledger.vector).toEqual(box.ledger.vector);
  expect(has(next, "late 3")).toBe(true);
});

test("causes are carried over before their effects, whoever made them", async () => {
  const { box, copy } = await boxAndCopy();
  const other = await openLedger({ name: "b" });
  for (const text of await entriesOf(box, A1)) await other.ledger.apply(parseEntry(text));
  await write(other, "cause");
  const [cause = ""] = await entriesOf(other, B1);
  await box.ledger.apply(parseEntry(cause));
  await write(box, "effect");
  await carryOver(box.store, new MemoryStore(copy));
  const left = await leftOn(copy);
  expect(left.map(([, text]) => parseEntry(text).transaction.origin)).toEqual([B1, A1]);
  const next = await taking(copy);
  expect([next.taken, has(next, "cause"), has(next, "effect")]).toEqual([2, true, true]);
});

test("the box keeps its promises, its time and what others said, not its store's name", async () => {
  const { box, copy } = await boxAndCopy();
  const own = [put(`${CLAIM_PREFIX}user\u001fanna`, "mine"), put(heardKey(boxOfName("b")), "{}")];
  const time = 2 ** 51;
  await box.store.batch([...own, put(STORE_ID_KEY, "box"), put(CLOCK_KEY, String(time))]);
  await carryOver(box.store, new MemoryStore(copy));
  for (const { key, value } of own) expect(copy.entries.get(key)).toBe(value);
  expect(copy.entries.get(STORE_ID_KEY)).toBe("copy");
  expect(readClock(new MemoryStore(copy))).toBe(time);
  expect((await taking(copy)).taken).toBe(0);
});

test("a copy with more than the box has needs nothing but that", async () => {
  const { box, copy } = await boxAndCopy();
  const more = await openLedger({ name: "b", disk: copy });
  await write(more, "more");
  await carryOver(box.store, more.store);
  expect(await leftOn(copy)).toEqual([]);
});

test("a copy is refused that lacks what is here, or what was dropped here, or is damaged", async () => {
  const { box, copy } = await boxAndCopy();
  const store = new MemoryStore(copy);
  await checkCopy(store, box.ledger.vector);
  await write(box, "late");
  await expect(checkCopy(store, box.ledger.vector)).rejects.toThrow("lacks something");
  const [text = ""] = await entriesOf(box, A1, 4);
  const place = { seq: 4, hash: hashOfEntry(text) };
  await box.store.batch([put(floorKey(A1), JSON.stringify(place))]);
  await write(box, "later");
  await expect(carryOver(box.store, store)).rejects.toThrow("lacks something");
  copy.write([{ type: "del", key: journalKey(A1, 2) }]);
  await expect(checkCopy(store, {})).rejects.toThrow(`the copy is damaged: entry 2 of ${A1}`);
});

test("what cannot be applied yet stays for the next start, what never can be does not", async () => {
  const { box, copy } = await boxAndCopy();
  for (let i = 0; i < 3; i++) await write(box, `late ${i}`);
  const [, second = "", third = ""] = await entriesOf(box, A1, 4);
  copy.write([put(leftKey(1), second), put(leftKey(2), "garbage"), put(leftKey(3), third)]);
  const next = await taking(copy);
  expect((await leftOn(copy)).map(([key]) => key)).toEqual([leftKey(1), leftKey(3)]);
  expect(has(next, "late 1")).toBe(false);
});

test("promises of a rotten store that cannot be read are left behind, those of a sound one never", async () => {
  const { box, copy } = await boxAndCopy();
  const store = rottenAt(box.store, CLAIM_PREFIX);
  box.disk.write([put(heardKey(boxOfName("b")), "heard")]);
  await expect(carryOver(store, new MemoryStore(copy))).rejects.toThrow("Corruption");
  expect(await carryOver(store, new MemoryStore(copy), true)).toBe(false);
  expect(new MemoryStore(copy).get(heardKey(boxOfName("b")))).toBe("heard");
  expect(await carryOver(box.store, new MemoryStore(copy), true)).toBe(true);
});

/** A store of which some rows cannot be read. */
function rottenAt(store: Store, prefix: string): Store {
  const range: Store["range"] = async (asked) => {
    if (asked.gte === prefix) throw new Error("Corruption: bad entry in block");
    return store.range(asked);
  };
  return { range, get: (key) => store.get(key) } as Store;
}
