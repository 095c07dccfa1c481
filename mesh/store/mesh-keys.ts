import type { BoxId } from "../../core/ids.ts";
import type { DocId } from "../../core/transaction/records.ts";
import type { Origin } from "../../core/vector.ts";
import { encodeText, successor } from "./keys.ts";
import type { StoreRange } from "./store.ts";

/** The mesh's own keys, beside the tables of core under `t/`. */

/** JSON of the version vector: the transactions whose effects are in the store. */
export const VECTOR_KEY = "m/vector";
/** The greatest time in the store, in ticks. */
export const CLOCK_KEY = "m/clock";
/** The store's own name, made with it. */
export const STORE_ID_KEY = "m/store";
/** The format of the store: `mesh/store/format.ts`. */
export const FORMAT_KEY = "m/format";
/** How many of the added tables are kept: `mesh/store/added-tables.ts`. */
export const TABLES_KEY = "m/tables";
/** The life after which the box has paused before it begins the next one: `mesh/journal/life-pace.ts`. */
export const PAUSED_KEY = "m/paused";
/** Text of all journal entries in the store together, UTF-16 units. */
export const JOURNAL_LENGTH_KEY = "m/journal";
/** Of each origin, its last entry: `Place`. */
export const POSITION_PREFIX = "m/position/";
/** Of each origin whose first entries were dropped, the last one of them: `Place`. */
export const FLOOR_PREFIX = "m/floor/";
/** What this box promised about a name. */
export const CLAIM_PREFIX = "m/claim/";
/** Of each other box, the vector that it last said to have on disk. */
export const HEARD_PREFIX = "m/heard/";
/** Entries that the box had beyond a copy of another box's store, in the order to apply them in. */
export const LEFT_PREFIX = "m/left/";

/**
 * Rows that follow from transactions, and so may be copied from a box that has as many; every other
 * row is the box's own. A new kind of row belongs in one of the two lists.
 */
const SHARED_PREFIXES = ["d/", "j/", FLOOR_PREFIX, POSITION_PREFIX, "t/"];
const SHARED_KEYS = [CLOCK_KEY, JOURNAL_LENGTH_KEY, VECTOR_KEY];
/** Rows of the box itself that outlive its store where it copies another one's. */
export const OWN_PREFIXES: readonly string[] = [CLAIM_PREFIX, HEARD_PREFIX, LEFT_PREFIX];

export function isSharedKey(key: string): boolean {
  return SHARED_KEYS.includes(key) || SHARED_PREFIXES.some((prefix) => key.startsWith(prefix));
}

const SEQ_DIGITS = 8;

export function positionKey(origin: Origin): string {
  return POSITION_PREFIX + origin;
}

export function floorKey(origin: Origin): string {
  return FLOOR_PREFIX + origin;
}

export function heardKey(box: BoxId): string {
  return HEARD_PREFIX + box;
}

/** The `n`-th of the entries that are left to be applied. */
export function leftKey(n: number): string {
  return LEFT_PREFIX + seqText(n);
}

/** Every row whose key begins with a prefix. */
export function rowsUnder(prefix: string): Required<Pick<StoreRange, "gte" | "lt">> {
  return { gte: prefix, lt: successor(prefix) };
}

function seqText(seq: number): string {
  return seq.toString(16).padStart(SEQ_DIGITS, "0");
}

/** A journal entry: the JSON text of a transaction. */
export function journalKey(origin: Origin, seq: number): string {
  return `j/${origin}/${seqText(seq)}`;
}

export function seqOfJournalKey(key: string): number {
  return Number.parseInt(key.slice(-SEQ_DIGITS), 16);
}

export function originOfJournalKey(key: string): string {
  return key.slice(2, -SEQ_DIGITS - 1);
}

/** The entries of one origin from sequence `from` on. */
export function journalRange(
  origin: Origin,
  from: number,
): Required<Pick<StoreRange, "gte" | "lt">> {
  return { gte: journalKey(origin, from), lt: successor(`j/${origin}/`) };
}

export const JOURNAL_ROWS: Required<Pick<StoreRange, "gte" | "lt">> = {
  gte: "j/",
  lt: successor("j/"),
};

/** A document's snapshot: `<number of the first change that is not in it> <base64>`. */
export function documentSnapshotKey(doc: DocId): string {
  return `d/${encodeText(doc)}s`;
}

/** The `n`-th change of a document: base64. */
export function documentChangeKey(doc: DocId, n: number): string {
  return `d/${encodeText(doc)}c${seqText(n)}`;
}

/** The document that a row of `DOCUMENT_ROWS` belongs to. */
export function docOfKey(key: string): DocId {
  return key.slice(2, key.indexOf("\0")) as DocId;
}

/** What sorts behind every row of a document, and before the next one's. */
export function afterDocument(doc: DocId): string {
  return successor(`d/${encodeText(doc)}`);
}

/** Every document's snapshot and changes. */
export const DOCUMENT_ROWS: Required<Pick<StoreRange, "gte" | "lt">> = {
  gte: "d/",
  lt: successor("d/"),
};
