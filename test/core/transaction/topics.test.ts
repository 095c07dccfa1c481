import { afterEach, expect, test } from "vitest";
import { topicLog, topicVector } from "../../../core/tables.ts";
import type { TransactionRecord } from "../../../core/transaction/records.ts";
import { originOf } from "../../../core/vector.ts";
import type { Vector } from "../../../core/vector.ts";
import type { BoxId } from "../../../core/ids.ts";
import type { Entry } from "../../../mesh/journal/entry.ts";
import { ALICE, LedgerBox } from "../rooms/ledger-box.ts";
import { Forger } from "../rooms/forge.ts";

const opened: LedgerBox[] = [];
afterEach(() => opened.splice(0).forEach((box) => box.close()));

async function boxWith(entries: readonly Entry[]): Promise<LedgerBox> {
  const box = await LedgerBox.open();
  opened.push(box);
  for (const entry of entries) await box.take(entry);
  return box;
}

const read = (room: string): TransactionRecord => ({
  kind: "put",
  collection: "fully_read",
  key: [ALICE, room],
  value: {},
});

test("a topic has one row for each transaction that touched it, whatever it brought", async () => {
  const b = new Forger("b");
  const box = await boxWith([b.entry([read("!x"), read("!y")]), b.entry([read("!z")])]);
  expect(box.rows(topicLog)).toEqual([
    [
      [`user:${ALICE}`, "bbbbbbbb", 1, 1],
      [{ fullyRead: "!x" }, { fullyRead: "!y" }],
    ],
    [[`user:${ALICE}`, "bbbbbbbb", 1, 2], [{ fullyRead: "!z" }]],
  ]);
});

test("a topic's vector covers all that touched it, however the boxes lived", async () => {
  const first = new Forger("b", 1);
  const second = new Forger("b", 2);
  const c = new Forger("c");
  const early = first.entry([read("!1")]);
  const tail = first.entry([read("!2")]);
  // The box went on from a copy that ended before its own tail, which others have.
  const later = second.entry([read("!3")], { deps: { [first.origin]: 1 } as Vector });
  const beside = c.entry([read("!4")]);
  for (const order of [
    [early, tail, later, beside],
    [early, later, tail, beside],
    [beside, early, later, tail],
  ]) {
    const box = await boxWith(order);
    const [row] = box.rows(topicVector);
    const touched = row?.[1] ?? {};
    expect(touched).toMatchObject({ [first.origin]: 2, [second.origin]: 1, [c.origin]: 1 });
  }
});

test("what the newest of a topic rests on need not be named", async () => {
  const first = new Forger("b", 1);
  const early = first.entry([read("!1")]);
  const later = new Forger("b", 2).entry([read("!2")], { deps: { [first.origin]: 1 } as Vector });
  const box = await boxWith([early, later]);
  const second = originOf("bbbbbbbb" as BoxId, 2);
  expect(box.rows(topicVector)).toEqual([[[`user:${ALICE}`], { [second]: 1 }]]);
});
