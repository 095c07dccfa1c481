import { TABLES } from "../../core/tables.ts";
import type { Key, Table } from "../../core/table.ts";
import type { DocId, Heads } from "../../core/transaction/records.ts";
import { originOf } from "../../core/vector.ts";
import type { BoxId } from "../../core/ids.ts";
import { AutomergeDoc, actorOf } from "../documents/automerge-doc.ts";
import { readStoredDocument } from "../documents/stored-document.ts";
import { compareBytes } from "../store/byte-order.ts";
import { decodeKey, encodeKey, rangeOf } from "../store/keys.ts";
import { afterDocument, docOfKey, DOCUMENT_ROWS } from "../store/mesh-keys.ts";
import type { StoreRange, StoreSnapshot } from "../store/store.ts";
import { ROWS_AT_ONCE } from "./constants.ts";

/** A part of the store that all boxes with the same entries have alike: a table, or the documents. */
export interface Section {
  readonly name: string;
  /** What its rows are, in plain words. */
  readonly about: string;
  readonly table?: Table<Key, unknown>;
}

/** Rows above `after` up to `through`, which is in. */
export interface KeyRange {
  readonly after?: string;
  readonly through?: string;
}

export type Row = readonly [key: string, text: string];

const DOCUMENTS: Section = { name: "documents", about: "histories of rooms, users and the mesh" };

/** All that is compared, in this order. */
export const SECTIONS: readonly Section[] = [
  ...TABLES.filter(({ scope }) => scope === "mesh").map((table) => ({
    name: table.name,
    about: table.about,
    table,
  })),
  DOCUMENTS,
];

export function sectionNamed(name: string): Section | undefined {
  return SECTIONS.find((section) => section.name === name);
}

/** The section that a row's key is of, if it is compared. */
export function sectionOfKey(key: string): Section | undefined {
  if (key.startsWith(DOCUMENT_ROWS.gte)) return DOCUMENTS;
  return SECTIONS.find(({ table }) => table && key.startsWith(encodeKey(table, [])));
}

/** The parts of a row's key, for people. */
export function partsOfKey(section: Section, key: string): Key {
  return section.table ? decodeKey(section.table, key) : [key.slice(DOCUMENT_ROWS.gte.length)];
}

/** The rows of a section, some at a time. The row of a document is its heads. */
export async function* pagesOf(
  snapshot: StoreSnapshot,
  section: Section,
  range: KeyRange = {},
): AsyncGenerator<readonly Row[]> {
  if (section.table) yield* tablePages(snapshot, section.table, range);
  else yield* documentPages(snapshot, range);
}

async function* tablePages(
  snapshot: StoreSnapshot,
  table: Table<Key, unknown>,
  { after, through }: KeyRange,
): AsyncGenerator<readonly Row[]> {
  const { gte = "", lt = "" } = rangeOf(table, { prefix: [], limit: 1 });
  const end: Partial<StoreRange> = through === undefined ? { lt } : { lte: through };
  let start: Partial<StoreRange> = after === undefined ? { gte } : { gt: after };
  for (;;) {
    const rows = await snapshot.range({ ...start, ...end, limit: ROWS_AT_ONCE });
    yield rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < ROWS_AT_ONCE) return;
    start = { gt: last[0] };
  }
}

async function* documentPages(
  snapshot: StoreSnapshot,
  { after, through }: KeyRange,
): AsyncGenerator<readonly Row[]> {
  let from = after === undefined ? DOCUMENT_ROWS.gte : afterDocument(docOfRow(after));
  for (;;) {
    const [found] = await snapshot.range({ gte: from, lt: DOCUMENT_ROWS.lt, limit: 1 });
    if (found === undefined) return;
    const doc = docOfKey(found[0]);
    const key = rowOfDoc(doc);
    if (through !== undefined && compareBytes(key, through) > 0) return;
    yield [[key, headsText(snapshot, doc)]];
    from = afterDocument(doc);
  }
}

/** The text of one row; undefined where there is none. */
export async function rowText(snapshot: StoreSnapshot, key: string): Promise<string | undefined> {
  if (!key.startsWith(DOCUMENT_ROWS.gte)) return snapshot.get(key);
  // Opening a document takes a while, and many may be asked for: requests go in between.
  const doc = docOfRow(key);
  const range = { gte: rowOfDoc(doc), lt: afterDocument(doc), limit: 1 };
  const [found] = await snapshot.range(range);
  return found && headsText(snapshot, doc);
}

function rowOfDoc(doc: DocId): string {
  return DOCUMENT_ROWS.gte + doc;
}

function docOfRow(key: string): DocId {
  return key.slice(DOCUMENT_ROWS.gte.length) as DocId;
}

/** Nothing is made by this actor; a document cannot be opened without one. */
const READER = actorOf(originOf("aaaaaaaa" as BoxId, 0));

function headsText(snapshot: StoreSnapshot, id: DocId): string {
  try {
    return JSON.stringify(headsOf(snapshot, id));
  } catch {
    return '"damaged"';
  }
}

function headsOf(snapshot: StoreSnapshot, id: DocId): Heads {
  const stored = readStoredDocument((key) => snapshot.get(key), id);
  const doc = new AutomergeDoc(READER, stored);
  try {
    return doc.heads;
  } finally {
    doc.free();
  }
}
