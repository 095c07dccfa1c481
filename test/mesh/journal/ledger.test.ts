import { expect, test } from "vitest";
import { unavailable } from "../../../core/errors.ts";
import type { DeviceId, UserId } from "../../../core/ids.ts";
import { fields } from "../../../core/tables.ts";
import { floorOf, originOf } from "../../../core/vector.ts";
import { BadEntryError, hashOfEntry, parseEntry } from "../../../mesh/journal/entry.ts";
import { closeTails } from "../../../mesh/replica/tail-closer.ts";
import { journalKey } from "../../../mesh/store/mesh-keys.ts";
import { boxOfName, entriesOf, note, openLedger, write } from "./open-ledger.ts";
import type { OpenLedger } from "./open-ledger.ts";

const A1 = originOf(boxOfName("a"), 1);
const B1 = originOf(boxOfName("b"), 1);
const FLOOR_A = floorOf(boxOfName("a"));

async function carry(from: OpenLedger, to: OpenLedger, origin = A1): Promise<void> {
  for (const text of await entriesOf(from, origin, (to.ledger.lastApplied(origin) ?? 0) + 1)) {
    await to.ledger.apply(parseEntry(text));
  }
}

const has = ({ state }: OpenLedger, text: string): boolean =>
  state.get(fields, ["mesh", "notes", text]) === true;

test("transactions are counted without gaps and each names the hash of the one before", async () => {
  const box = await openLedger();
  await write(box, "one");
  await write(box, "two");
  const [first = "", second = ""] = await entriesOf(box, A1);
  expect(parseEntry(first).transaction).toMatchObject({ seq: 1, prev: "", deps: {} });
  expect(parseEntry(second).transaction).toMatchObject({ seq: 2, prev: hashOfEntry(first) });
  expect(box.ledger.vector).toEqual({ [FLOOR_A]: 0, [A1]: 2 });
});

test("a command that changes nothing makes no transaction", async () => {
  const box = await openLedger();
  await write(box, "one");
  const { reply, dot } = box.ledger.commit(note, "one");
  expect([reply, dot]).toEqual(["one", undefined]);
  expect(await entriesOf(box, A1)).toHaveLength(1);
});

test("a command that throws leaves nothing behind, and its number is used by the next one", async () => {
  const box = await openLedger();
  const failing = (): void => {
    box.ledger.commit((draft) => {
      draft.setField("mesh", "notes", "lost", true);
      throw new RangeError("no");
    }, undefined);
  };
  expect(failing).toThrow(RangeError);
  expect(has(box, "lost")).toBe(false);
  await write(box, "kept");
  expect(box.ledger.vector[A1]).toBe(1);
});

test("a command that makes more than a frame holds is refused, and the next one takes its number", async () => {
  const box = await openLedger();
  const deliver = (length: number): unknown =>
    box.ledger.commit((draft) => {
      const content = { body: "好".repeat(length) };
      const message = { id: "m", sender: "@a:hearth.test" as UserId, type: "m.x", content };
      draft.sendToDevice("@b:hearth.test" as UserId, "B" as DeviceId, message);
    }, undefined).dot;
  expect(() => deliver(1_900_000)).toThrow(
    expect.objectContaining({ status: 413, errcode: "M_TOO_LARGE" }),
  );
  expect(deliver(1_390_000)).toEqual({ origin: A1, seq: 1 });
});

test("what is not certain to stay on the disk is read by nobody", async () => {
  const box = await openLedger();
  await write(box, "one");
  const [text = ""] = await entriesOf(box, A1);
  await box.store.batch([{ type: "put", key: journalKey(A1, 2), value: text }]);
  expect(await entriesOf(box, A1)).toHaveLength(1);
  expect(await entriesOf(box, A1, 2)).toEqual([]);
});

test("what the disk refused is gone, and its number is used again", async () => {
  let isFull = false;
  const beforeWrite = async (): Promise<void> => {
    if (isFull) throw new Error("ENOSPC");
  };
  const box = await openLedger({ faults: { beforeWrite } });
  await write(box, "one");
  isFull = true;
  const told: unknown[] = [];
  box.ledger.onFlushed((entries) => told.push(...entries));
  await expect(write(box, "two")).rejects.toThrow("ENOSPC");
  expect(told).toEqual([]);
  expect([has(box, "two"), box.ledger.appliedVector[A1]]).toEqual([false, 1]);
  isFull = false;
  await write(box, "three");
  const [, second = ""] = await entriesOf(box, A1);
  expect(parseEntry(second).transaction.seq).toBe(2);
  expect([has(box, "two"), has(box, "three")]).toEqual([false, true]);
});

test("what is on disk though the disk reported a failure stays, and the chain goes on from it", async () => {
  let lies = false;
  const afterWrite = async (): Promise<void> => {
    if (lies) throw new Error("EIO");
  };
  const box = await openLedger({ faults: { afterWrite } });
  const told: number[] = [];
  box.ledger.onFlushed((entries) => {
    for (const { transaction } of entries) told.push(transaction.seq);
  });
  await write(box, "one");
  lies = true;
  await expect(write(box, "two")).rejects.toThrow("EIO");
  lies = false;
  expect([has(box, "two"), box.ledger.vector[A1]]).toEqual([true, 2]);
  expect(told).toEqual([1, 2]);
  await write(box, "three");
  const other = await openLedger({ name: "b" });
  await carry(box, other);
  expect(other.ledger.vector[A1]).toBe(3);
});

test("an entry waits for the one before it and for its causes", async () => {
  const [a, b, c] = [
    await openLedger({ name: "a" }),
    await openLedger({ name: "b" }),
    await openLedger({ name: "c" }),
  ];
  await write(a, "one");
  await write(a, "two");
  await carry(a, b);
  await write(b, "three");
  const [one = "", two = ""] = await entriesOf(a, A1);
  const [three = ""] = await entriesOf(b, B1);
  expect(c.ledger.isReady(parseEntry(two))).toBe(false);
  expect(c.ledger.isReady(parseEntry(three))).toBe(false);
  await c.ledger.apply(parseEntry(one));
  expect(c.ledger.isReady(parseEntry(three))).toBe(false);
  await c.ledger.apply(parseEntry(two));
  await c.ledger.apply(parseEntry(three));
  expect([has(c, "one"), has(c, "two"), has(c, "three")]).toEqual([true, true, true]);
});

test("an entry that comes while the disk cannot be read is not refused for that", async () => {
  let isBroken = false;
  const beforeGet = (): void => {
    if (isBroken) throw unavailable("This box cannot read its disk at the moment.");
  };
  const a = await openLedger();
  const b = await openLedger({ name: "b", faults: { beforeGet } });
  await write(a, "one");
  const [entry = ""] = await entriesOf(a, A1);
  isBroken = true;
  await expect(async () => b.ledger.apply(parseEntry(entry))).rejects.toMatchObject({
    name: "MatrixError",
    status: 503,
  });
  isBroken = false;
  await b.ledger.apply(parseEntry(entry));
  expect(has(b, "one")).toBe(true);
});

test("an entry that does not continue its chain is refused, and what was there stays", async () => {
  const [a, fork, b] = [
    await openLedger({ name: "a" }),
    await openLedger({ name: "a" }),
    await openLedger({ name: "b" }),
  ];
  await write(a, "one");
  await write(fork, "another one");
  await write(fork, "two");
  await carry(a, b);
  const [, second = ""] = await entriesOf(fork, A1);
  await expect(async () => b.ledger.apply(parseEntry(second))).rejects.toThrow(BadEntryError);
  expect([b.ledger.vector[A1], has(b, "two")]).toEqual([1, false]);
});

test("a box that starts again knows what it had, and its new life names the end of the last one", async () => {
  const first = await openLedger();
  await write(first, "one");
  const again = await openLedger({ disk: first.disk, incarnation: 5 });
  expect(again.ledger.vector).toEqual(first.ledger.vector);
  await again.ledger.beginLife();
  const [birth = ""] = await entriesOf(again, originOf(boxOfName("a"), 5));
  expect(parseEntry(birth).transaction).toMatchObject({
    seq: 1,
    deps: { [A1]: 1 },
    records: [{ kind: "birth", previous: { origin: A1, seq: 1 } }],
  });
});

test("what another life of a box may have made is not taken for known", async () => {
  const lost = await openLedger({ incarnation: 1 });
  await write(lost, "one");
  const replaced = await openLedger({ incarnation: 9 });
  await replaced.ledger.beginLife();
  const b = await openLedger({ name: "b" });
  await carry(replaced, b, originOf(boxOfName("a"), 9));
  expect(b.ledger.has({ origin: A1, seq: 1 })).toBe(false);
  await carry(lost, b);
  expect(has(b, "one")).toBe(true);
});

test("once the ends of earlier lives are certain, vectors name them no more, and nothing lies beyond", async () => {
  const first = await openLedger();
  await write(first, "one");
  const again = await openLedger({ disk: first.disk, incarnation: 5 });
  await again.ledger.beginLife();
  expect(again.ledger.hasOpenLives).toBe(true);
  expect(again.ledger.mayHandOut(A1)).toBe(false);
  const tails = [
    { origin: FLOOR_A, seq: 0 },
    { origin: A1, seq: 1 },
  ];
  await again.ledger.commit(closeTails, tails).written;
  expect(Object.keys(again.ledger.vector)).toEqual([again.ledger.life]);
  expect(again.ledger.hasOpenLives).toBe(false);
  expect(again.ledger.mayHandOut(A1)).toBe(true);
  expect(again.ledger.has({ origin: A1, seq: 1 })).toBe(true);
  // There is no such entry, so nobody must wait for it.
  expect(again.ledger.has({ origin: A1, seq: 2 })).toBe(true);
});

test("entries on disk are told to listeners in the order of their application", async () => {
  const box = await openLedger();
  const told: [number, boolean][] = [];
  box.ledger.onFlushed((entries) => {
    for (const { transaction, own } of entries) told.push([transaction.seq, own]);
  });
  await Promise.all([write(box, "one"), write(box, "two"), write(box, "three")]);
  expect(told).toEqual([
    [1, true],
    [2, true],
    [3, true],
  ]);
});
