import { afterEach, expect, test } from "vitest";
import type { Json } from "../../../core/json.ts";
import { backupStats, puts, topicLog } from "../../../core/tables.ts";
import type { Collection, PutRecord } from "../../../core/transaction/records.ts";
import type { Entry } from "../../../mesh/journal/entry.ts";
import { ALICE, LedgerBox, START_MS } from "../rooms/ledger-box.ts";
import { Forger } from "../rooms/forge.ts";
import { permutations } from "../../support/permutations.ts";

const opened: LedgerBox[] = [];
afterEach(() => opened.splice(0).forEach((box) => box.close()));

async function boxWith(entries: readonly Entry[]): Promise<LedgerBox> {
  const box = await LedgerBox.open();
  opened.push(box);
  for (const entry of entries) await box.take(entry);
  return box;
}

function put(key: readonly string[], value?: Json, collection: Collection = "receipt"): PutRecord {
  return { kind: "put", collection, key, ...(value === undefined ? {} : { value }) };
}

const KEY = ["!room", ALICE, "m.read", ""] as const;

test("the newest of several writers wins, in whatever order they come", async () => {
  const writes = [
    new Forger("b").entry([put(KEY, { event_id: "$b" })], { ms: START_MS + 2 }),
    new Forger("c").entry([put(KEY, { event_id: "$c" })], { ms: START_MS + 3 }),
    new Forger("d").entry([put(KEY, { event_id: "$d" })], { ms: START_MS + 1 }),
  ];
  for (const order of permutations(writes)) {
    const box = await boxWith(order);
    expect(box.rows(puts)).toMatchObject([[["receipt", ...KEY], { value: { event_id: "$c" } }]]);
  }
});

test("of writers at the same time the greater origin wins, on every box", async () => {
  const writes = [
    new Forger("b").entry([put(KEY, "b")]),
    new Forger("d").entry([put(KEY, "d")]),
    new Forger("c").entry([put(KEY, "c")]),
  ];
  for (const order of permutations(writes)) {
    expect((await boxWith(order)).rows(puts)).toMatchObject([
      [["receipt", ...KEY], { value: "d" }],
    ]);
  }
});

test("inside one transaction the last write wins", async () => {
  const box = await boxWith([new Forger("b").entry([put(KEY, "first"), put(KEY, "last")])]);
  expect(box.rows(puts)).toMatchObject([[["receipt", ...KEY], { value: "last" }]]);
});

test("a deletion stays deleted when an older write comes late", async () => {
  const late = new Forger("c").entry([put(KEY, "old")], { ms: START_MS - 1 });
  const box = await boxWith([new Forger("b").entry([put(KEY)]), late]);
  expect(box.rows(puts).map(([, entry]) => entry.value)).toEqual([undefined]);
});

test("a write that loses is told of as well, since clients of another box took it for the newest", async () => {
  const winner = new Forger("b").entry([put(KEY, "new")]);
  const loser = new Forger("c").entry([put(KEY, "old")], { ms: START_MS - 1 });
  const box = await boxWith([winner, loser]);
  expect(box.rows(topicLog)).toEqual([
    [["receipts:!room", "bbbbbbbb", 1, 1], [{ receipt: [ALICE, "m.read", ""] }]],
    [["receipts:!room", "cccccccc", 1, 1], [{ receipt: [ALICE, "m.read", ""] }]],
  ]);
});

test("backup keys are counted once each, with the same tag in every order", async () => {
  const key = (session: string): readonly string[] => [ALICE, "1", "!room", session];
  const writes = [
    new Forger("b").entry([put(key("s1"), { n: 1 }, "backup_key")], { ms: START_MS + 5 }),
    new Forger("c").entry(
      [put(key("s1"), { n: 2 }, "backup_key"), put(key("s2"), { n: 2 }, "backup_key")],
      { ms: START_MS + 1 },
    ),
    new Forger("d").entry([put(key("s2"), undefined, "backup_key")], { ms: START_MS + 9 }),
  ];
  const tags = new Set<string>();
  for (const order of permutations(writes)) {
    const [stats] = (await boxWith(order)).rows(backupStats);
    expect(stats?.[1].count).toBe(1);
    tags.add(stats?.[1].etag ?? "");
  }
  expect(tags.size).toBe(1);
});
