import { expect, test } from "vitest";
import {
  BadEntryError,
  ENTRY_BYTES_MAX,
  ENTRY_LENGTH_MAX,
  fitsIntoFrame,
  parseEntry,
} from "../../../mesh/journal/entry.ts";
import { encodeFrame } from "../../../mesh/replica/frames.ts";
import { FRAME_BYTES_MAX } from "../../../mesh/transport/constants.ts";

const GOOD = {
  v: 1,
  origin: "aaaaaaaa.1",
  seq: 1,
  time: 5,
  deps: { "bbbbbbbb.1": 3 },
  prev: "",
  records: [{ kind: "put", collection: "receipt", key: ["!r"], value: 1 }],
};

test("an entry keeps its exact text, over which the chain runs", () => {
  const text = JSON.stringify(GOOD, undefined, 1);
  expect(parseEntry(text)).toEqual({ transaction: GOOD, text });
});

test("records of a kind that a later version made are kept", () => {
  const text = JSON.stringify({ ...GOOD, records: [{ kind: "new", thing: 1 }] });
  expect(parseEntry(text).transaction.records).toEqual([{ kind: "new", thing: 1 }]);
});

test.each([
  { kind: "enqueue", queue: "pigeons", to: "everywhere" },
  { kind: "dequeue", queue: "pigeons" },
  { kind: "change", doc: "space:!s", change: 5 },
])("so are %j, of a queue or a document of a later version", (record) => {
  const { transaction } = parseEntry(JSON.stringify({ ...GOOD, records: [record] }));
  expect(transaction.records).toEqual([record]);
});

const EVENT = {
  kind: "event",
  id: "$e",
  room: "!r",
  heads: [],
  pdu: {
    type: "m.room.message",
    sender: "@a:hearth.test",
    content: {},
    depth: 1,
    origin_server_ts: 1,
    prev_events: [],
    auth_events: [],
  },
};

test.each([
  {},
  { txn: { device: "PHONE", id: "1" } },
  { softFailed: true },
  { entered: "outlier" },
  { entered: "backfilled" },
  { byAdmin: true },
])("an event may carry %j", (mark) => {
  const records = [{ ...EVENT, ...mark }];
  expect(parseEntry(JSON.stringify({ ...GOOD, records })).transaction.records).toEqual(records);
});

test.each([
  { txn: "1" },
  { txn: { device: {}, id: "1" } },
  { txn: { device: "PHONE" } },
  { softFailed: "yes" },
  { entered: "news" },
  { byAdmin: 1 },
])("an event cannot carry %j, which no check would stop", (mark) => {
  const records = [{ ...EVENT, ...mark }];
  expect(() => parseEntry(JSON.stringify({ ...GOOD, records }))).toThrow(BadEntryError);
});

test.each([
  ["another form", { v: 2 }],
  ["no origin", { origin: "aaaaaaaa" }],
  ["a sequence of zero", { seq: 0 }],
  ["a sequence that is none", { seq: 1.5 }],
  ["a time before all times", { time: -1 }],
  ["causes that are no vector", { deps: { nobody: 1 } }],
  ["a hash that is none", { prev: 7 }],
  ["no list of records", { records: {} }],
  ["too many records", { records: Array.from({ length: 2001 }, () => ({ kind: "birth" })) }],
  ["a record without a kind", { records: [{}] }],
  ["an event without an ID", { records: [{ kind: "event", room: "!r", heads: [] }] }],
  ["a change to an unknown document", { records: [{ kind: "change", doc: "x", change: "" }] }],
  ["a put without a key", { records: [{ kind: "put", collection: "receipt" }] }],
  ["a message to nobody", { records: [{ kind: "enqueue", queue: "to_device", message: {} }] }],
  ["a round of no session", { records: [{ kind: "round", round: 1 }] }],
  ["a round that is none", { records: [{ kind: "round", session: "s", round: -1 }] }],
  ["an end of no life", { records: [{ kind: "close", origin: "x", seq: 1 }] }],
])("an entry with %s is none", (_name, wrong) => {
  expect(() => parseEntry(JSON.stringify({ ...GOOD, ...wrong }))).toThrow(BadEntryError);
});

test("an entry of a disk is read though it has more bytes than can be sent", () => {
  const text = JSON.stringify({ ...GOOD, records: [{ kind: "new", pad: "好".repeat(1_900_000) }] });
  expect(fitsIntoFrame(text)).toBe(false);
  expect(parseEntry(text).text).toBe(text);
});

test("an entry that may be made fits into a frame, alone", () => {
  const longest = "好".repeat(Math.floor(ENTRY_BYTES_MAX / 3));
  expect([fitsIntoFrame(longest), fitsIntoFrame(`${longest}好`)]).toEqual([true, false]);
  const frame = encodeFrame({ kind: "entries", texts: [longest] });
  expect(frame.length).toBeLessThanOrEqual(FRAME_BYTES_MAX);
  expect(fitsIntoFrame(" ".repeat(ENTRY_LENGTH_MAX + 1))).toBe(false);
});

test("what is no JSON, or too long to be looked at, is none", () => {
  expect(() => parseEntry("{")).toThrow(BadEntryError);
  expect(() => parseEntry(" ".repeat(ENTRY_LENGTH_MAX + 1))).toThrow(BadEntryError);
});
