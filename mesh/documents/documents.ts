import type { Documents, DocumentViews } from "../../core/ports.ts";
import { ROOM_DOCUMENT_LIMITS } from "../../core/room-document/constants.ts";
import type { RoomDocumentLimits } from "../../core/room-document/constants.ts";
import { generationOf, roomDoc } from "../../core/room-document/names.ts";
import type { RoomId } from "../../core/ids.ts";
import type { DocId, Heads } from "../../core/transaction/records.ts";
import { documentChangeKey, documentSnapshotKey } from "../store/mesh-keys.ts";
import type { StateStore } from "../store/overlay.ts";
import type { Stage } from "../store/stage.ts";
import { maximalHeads } from "./ancestry.ts";
import { AutomergeDoc } from "./automerge-doc.ts";
import type { Edit } from "./automerge-doc.ts";
import { readStoredDocument } from "./stored-document.ts";

export interface DocumentLimits {
  /** Documents kept open; a room's or user's idles at 50 kB. */
  readonly openMax: number;
  /** Operations in the histories of all open documents, about 100 bytes of memory each. */
  readonly openOperationsMax: number;
  /** Changes kept beside the snapshot: more cost time on loading, fewer cost writing snapshots. */
  readonly changesBesideSnapshotMax: number;
}

export const DOCUMENT_LIMITS: DocumentLimits = {
  openMax: 300,
  openOperationsMax: 500_000,
  changesBesideSnapshotMax: 128,
};

interface OpenDocument {
  readonly doc: AutomergeDoc;
  /** Number of the first change that is not in the snapshot. */
  first: number;
  /** Number of the next change. */
  next: number;
  /** Its share of the operations that are counted as open. */
  operations: number;
}

/**
 * The documents of a box: kept open for speed, stored as a snapshot and the changes after it, written
 * with the transaction that makes them. Open documents hold the newest state; when staged changes are
 * thrown away the document is read again.
 */
export class DocumentStore implements DocumentViews {
  readonly #state: StateStore;
  readonly #actor: string;
  readonly #limits: DocumentLimits;
  readonly #roomLimits: RoomDocumentLimits;
  /** Least recently used first. */
  readonly #open = new Map<DocId, OpenDocument>();
  #operations = 0;
  #stage: Stage | undefined;

  /** `actor`: of `actorOf`, one for each life of a box. */
  constructor(
    state: StateStore,
    actor: string,
    limits: DocumentLimits = DOCUMENT_LIMITS,
    roomLimits: RoomDocumentLimits = ROOM_DOCUMENT_LIMITS,
  ) {
    this.#state = state;
    this.#actor = actor;
    this.#limits = limits;
    this.#roomLimits = roomLimits;
    state.onFailed(() => {
      this.#dropAll();
    });
  }

  /** Documents whose edits go into the stage, and vanish with it. */
  on(stage: Stage): Documents {
    this.#stage = stage;
    const touched = new Set<DocId>();
    stage.onAbandon(() => {
      for (const doc of touched) this.#drop(doc);
    });
    return {
      roomLimits: this.#roomLimits,
      get: (doc, key, at) => this.get(doc, key, at),
      all: (doc, key, at) => this.all(doc, key, at),
      changed: (doc, from, to) => this.changed(doc, from, to),
      entries: (doc, at) => this.entries(doc, at),
      heads: (doc) => this.heads(doc),
      contains: (doc, heads) => this.contains(doc, heads),
      maximal: (doc, heads) => this.maximal(doc, heads),
      length: (doc) => this.#opened(doc).doc.operationsAfterRoot,
      begin: (room, entries) => {
        const made = this.#begin(stage, room, entries);
        touched.add(made.doc);
        return made;
      },
      change: (doc, edits, base) => {
        touched.add(doc);
        return this.#change(stage, doc, edits, base);
      },
      apply: (doc, change) => {
        touched.add(doc);
        return this.#apply(stage, doc, change);
      },
    };
  }

  get(doc: DocId, key: string, at?: Heads): string | undefined {
    return this.#opened(doc).doc.get(key, at);
  }

  entries(doc: DocId, at?: Heads): [key: string, value: string][] {
    return this.#opened(doc).doc.entries(at);
  }

  all(doc: DocId, key: string, at: Heads): string[] {
    return this.#opened(doc).doc.all(key, at);
  }

  changed(doc: DocId, from: Heads, to: Heads): string[] {
    return this.#opened(doc).doc.changed(from, to);
  }

  heads(doc: DocId): Heads {
    return this.#opened(doc).doc.heads;
  }

  contains(doc: DocId, heads: Heads): boolean {
    return this.#opened(doc).doc.contains(heads);
  }

  maximal(doc: DocId, heads: readonly Heads[]): Heads[] {
    if (heads.length < 2) return [...heads];
    const open = this.#opened(doc).doc;
    return maximalHeads((outer, inner) => open.includes(outer, inner), heads);
  }

  /** Frees all memory. Documents open again when they are next read. */
  close(): void {
    this.#dropAll();
  }

  /** The first change is made apart: the document is named by its hash. */
  #begin(stage: Stage, room: RoomId, entries: readonly Edit[]): ReturnType<Documents["begin"]> {
    const apart = new AutomergeDoc(this.#actor);
    try {
      const { change, heads } = apart.change(entries);
      const doc = roomDoc(room, heads[0]);
      this.#apply(stage, doc, change);
      return { doc, change, heads };
    } finally {
      apart.free();
    }
  }

  #change(
    stage: Stage,
    id: DocId,
    edits: readonly Edit[],
    base: Heads | undefined,
  ): { change: Uint8Array; heads: Heads } {
    return this.#edit(id, (open) => {
      const made = open.doc.change(edits, base);
      this.#store(stage, id, open, made.change);
      return made;
    });
  }

  #apply(stage: Stage, id: DocId, change: Uint8Array): string[] {
    return this.#edit(id, (open) => {
      const before = open.doc.heads;
      const keys = open.doc.apply(change);
      if (open.doc.heads !== before) this.#store(stage, id, open, change);
      return keys;
    });
  }

  #edit<T>(id: DocId, run: (open: OpenDocument) => T): T {
    const open = this.#opened(id);
    try {
      return run(open);
    } catch (error) {
      // What is open may be ahead of what is staged.
      this.#drop(id);
      throw error;
    } finally {
      if (this.#open.has(id)) this.#count(open);
    }
  }

  #count(open: OpenDocument): void {
    this.#operations += open.doc.operations - open.operations;
    open.operations = open.doc.operations;
  }

  #store(stage: Stage, id: DocId, open: OpenDocument, change: Uint8Array): void {
    stage.raw(documentChangeKey(id, open.next), Buffer.from(change).toString("base64"));
    open.next++;
    if (open.next - open.first < this.#limits.changesBesideSnapshotMax) return;
    const snapshot = Buffer.from(open.doc.save()).toString("base64");
    stage.raw(documentSnapshotKey(id), `${open.next} ${snapshot}`);
    for (; open.first < open.next; open.first++)
      stage.raw(documentChangeKey(id, open.first), undefined);
  }

  #opened(id: DocId): OpenDocument {
    const known = this.#open.get(id);
    if (known !== undefined) {
      this.#open.delete(id);
      this.#open.set(id, known);
      return known;
    }
    const open = this.#load(id);
    this.#open.set(id, open);
    this.#count(open);
    for (const oldest of this.#open.keys()) {
      const fits =
        this.#open.size <= this.#limits.openMax &&
        this.#operations <= this.#limits.openOperationsMax;
      if (fits || oldest === id) break;
      this.#drop(oldest);
    }
    return open;
  }

  #load(id: DocId): OpenDocument {
    const stored = readStoredDocument((key) => this.#text(key), id);
    const doc = new AutomergeDoc(this.#actor, stored, generationOf(id));
    return { doc, first: stored.first, next: stored.first + stored.changes.length, operations: 0 };
  }

  /** The newest text of a key, of the open stage first: a document may be read again in mid-transaction. */
  #text(key: string): string | undefined {
    return this.#stage?.open ? this.#stage.rawGet(key) : this.#state.newestText(key);
  }

  #drop(id: DocId): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    this.#open.delete(id);
    this.#operations -= open.operations;
    open.doc.free();
  }

  #dropAll(): void {
    for (const id of this.#open.keys()) this.#drop(id);
  }
}
