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

const SEQ_DIGITS = 8;

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
