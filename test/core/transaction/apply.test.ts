import { afterEach, beforeEach, expect, test } from "vitest";
import { fieldKey } from "../../../core/documents/field-key.ts";
import {
  closedOrigins,
  fields,
  sessionRounds,
  topicLog,
  unknownRecords,
  users,
} from "../../../core/tables.ts";
import type { DocId, TransactionRecord } from "../../../core/transaction/records.ts";
import type { Origin } from "../../../core/vector.ts";
import type { SessionId } from "../../../core/ids.ts";
import { ALICE, BOB, LedgerBox, START_MS } from "../rooms/ledger-box.ts";
import { Forger } from "../rooms/forge.ts";

let box: LedgerBox;
let other: LedgerBox;
beforeEach(async () => {
  box = await LedgerBox.open();
  other = await LedgerBox.open({ name: "b" });
});
afterEach(() => {
  box.close();
  other.close();
});

const DOC: DocId = `user:${ALICE}`;

/** A change that sets the raw text of a key, as a box of another version might. */
async function rawChange(doc: DocId, key: string, text: string): Promise<TransactionRecord> {
  let bytes: Uint8Array = new Uint8Array();
  const stop = new Error("thrown away");
  const making = other.run((draft) => {
    bytes = draft.docs.change(doc, [[key, text]]).change;
    throw stop;
  });
  await expect(making).rejects.toBe(stop);
  return { kind: "change", doc, change: Buffer.from(bytes).toString("base64") };
}

test("records of a kind that this version does not know are kept beside what it knows", async () => {
  const unknown = { kind: "hologram", depth: 3 } as unknown as TransactionRecord;
  const known: TransactionRecord = { kind: "put", collection: "media", key: ["m"], value: {} };
  await box.take(new Forger().entry([unknown, known]));
  expect([...box.dump([unknownRecords]).keys()]).toHaveLength(1);
  expect(box.rows(unknownRecords)).toMatchObject([
    [[expect.anything(), 1, 1, 0], { record: unknown }],
  ]);
});

test("a collection that this version does not know is kept all the same", async () => {
  const record = { kind: "put", collection: "songs", key: ["s"], value: 1 };
  await box.take(new Forger().entry([record as unknown as TransactionRecord]));
  expect([...box.dump().keys()]).toHaveLength(1);
});

test("fields of documents made apart are the same on both boxes", async () => {
  const name = (at: LedgerBox, value: string) =>
    at.run((draft) => draft.setField(DOC, "profile", "displayname", value));
  await name(box, "Alice");
  await name(other, "Alicia");
  await box.takeAll(other);
  await other.takeAll(box);
  expect(box.rows(fields)).toHaveLength(1);
  expect(box.rows(fields)).toEqual(other.rows(fields));
});

test("a field whose text is no JSON reads as absent", async () => {
  await box.run((draft) => draft.setField(DOC, "profile", "displayname", "Alice"));
  await other.takeAll(box);
  const entry = await rawChange(DOC, fieldKey("profile", "displayname"), "{");
  await box.take(new Forger().entry([entry]));
  expect(box.rows(fields)).toEqual([]);
});

test("a key that is no field is passed over", async () => {
  await box.take(new Forger().entry([await rawChange(DOC, "no separator", '"x"')]));
  expect(box.dump().size).toBe(0);
});

test("a change that is none spoils its transaction as a whole", async () => {
  const before = box.dump();
  const put: TransactionRecord = { kind: "put", collection: "media", key: ["m"], value: {} };
  const change: TransactionRecord = { kind: "change", doc: DOC, change: "AAAA" };
  await expect(box.take(new Forger().entry([put, change]))).rejects.toThrow("cannot be applied");
  expect(box.dump()).toEqual(before);
});

test("an account is there once it was created, and who follows a user learns of new keys", async () => {
  await other.run((draft) => {
    draft.setField(DOC, "account", "created", { time: 1 });
    draft.setField(DOC, "device_keys", "PHONE", {});
    draft.setField(`user:${BOB}`, "profile", "displayname", "Bob");
    draft.setField("mesh", "directory", "!r", {});
  });
  await box.takeAll(other);
  expect(box.rows(users)).toEqual([[[ALICE], true]]);
  expect(box.rows(topicLog).map(([[topic], entries]) => [topic, entries])).toEqual([
    ["device-lists", [{ user: ALICE }]],
    [DOC, [{ field: ["account", "created"] }, { field: ["device_keys", "PHONE"] }]],
    [`user:${BOB}`, [{ field: ["profile", "displayname"] }]],
  ]);
  await other.run((draft) => draft.setField(DOC, "account", "created", undefined));
  await box.takeAll(other);
  expect(box.rows(users)).toEqual([]);
});

test("the end of a life is noted, when its own box says so", async () => {
  const origin = "bbbbbbbb.1" as Origin;
  await box.take(new Forger("z").entry([{ kind: "close", origin, seq: 9 }]));
  expect(box.rows(closedOrigins)).toEqual([]);
  await box.take(new Forger("b", 2).entry([{ kind: "close", origin, seq: 9 }]));
  expect(box.rows(closedOrigins)).toEqual([[[origin], 9]]);
});

test("the greatest round of a session holds, whatever the times and the order", async () => {
  const session = "session" as SessionId;
  const round = (value: number): TransactionRecord => ({ kind: "round", session, round: value });
  const greater = new Forger("b").entry([round(5)], { ms: START_MS + 1 });
  const later = new Forger("c").entry([round(3)], { ms: START_MS + 2 });
  for (const entry of [greater, later]) await box.take(entry);
  for (const entry of [later, greater]) await other.take(entry);
  expect(box.rows(sessionRounds)).toEqual([[[session], 5]]);
  expect(other.rows(sessionRounds)).toEqual([[[session], 5]]);
});
