import { assert } from "../errors.ts";
import type { StateKey } from "../event/state-key.ts";
import type { EventId, RoomId } from "../ids.ts";
import type { Documents } from "../ports.ts";
import type { ChangeRecord, DocId, StateHeads } from "../transaction/records.ts";
import { documentState, entriesOf } from "./document-state.ts";
import {
  BUCKET_DEPTH_MAX,
  BUCKETS_KEY,
  DIGITS,
  BUCKET_NAME_KEY,
  digitsOf,
  encodePointer,
  pointerKey,
  prefixOf,
} from "./layout.ts";
import type { Leaf, Prefix } from "./layout.ts";
import { bucketAt, bucketOf, bucketsAt, hasBuckets, leavesOf, mainLeaf } from "./leaves.ts";
import { generationOf } from "./names.ts";

export type StateEdit = readonly [key: StateKey, event: EventId | undefined];
type Entry = readonly [key: string, value: string];
type State = Map<StateKey, EventId>;

export interface WrittenState {
  readonly changes: readonly ChangeRecord[];
  readonly state: StateHeads;
}

/**
 * Writes edits on top of a state of a room, in one change of its main document and, where it has
 * buckets, one of each bucket that they are in. A document whose history has grown long is begun anew
 * with what it holds then; boxes that do so apart begin two, and the next event brings them together.
 */
export class StateWriter {
  readonly #docs: Documents;
  readonly #room: RoomId;
  readonly #changes: ChangeRecord[] = [];
  #bucketsBegun = 0;

  constructor(docs: Documents, room: RoomId) {
    this.#docs = docs;
    this.#room = room;
  }

  write(base: StateHeads, edits: readonly StateEdit[]): WrittenState {
    const main = mainLeaf(this.#room, base);
    const leaf = hasBuckets(this.#docs, main)
      ? this.#writeBuckets(main, edits)
      : this.#writeFlat(base, main, edits);
    const generation = generationOf(leaf.doc);
    const { heads } = leaf;
    return {
      changes: this.#changes,
      state: generation === undefined ? { heads } : { heads, generation },
    };
  }

  #writeFlat(base: StateHeads, main: Leaf, edits: readonly StateEdit[]): Leaf {
    if (!this.#isLong(main.doc, edits.length)) return this.#change(main, edits);
    const state: State = new Map(documentState(this.#docs, this.#room, base).entries());
    applyEdits(state, edits);
    if (state.size <= this.#docs.roomLimits.flatEntriesMax) return this.#begin([...state]);
    const leaves = this.#split("", state);
    return this.#begin([[BUCKETS_KEY, ""], ...[...leaves].map(pointerEntry)]);
  }

  #writeBuckets(main: Leaf, edits: readonly StateEdit[]): Leaf {
    const moved = this.#moveBuckets(main, edits);
    // What several heads dispute is settled, so that what comes after them reads one value.
    if (main.heads.length > 1) this.#settle(main, moved);
    if (!this.#isLong(main.doc, moved.size)) {
      const pointers = [...moved].map(
        ([prefix, leaf]) => [pointerKey(prefix), leaf && encodePointer(leaf)] as const,
      );
      return this.#change(main, pointers);
    }
    const leaves = leavesOf(this.#docs, this.#room, main);
    for (const [prefix, leaf] of moved) {
      if (leaf) leaves.set(prefix, leaf);
      else leaves.delete(prefix);
    }
    return this.#begin([[BUCKETS_KEY, ""], ...[...leaves].map(pointerEntry)]);
  }

  /** The buckets that the edits change, and where they are then; undefined for one that was split. */
  #moveBuckets(main: Leaf, edits: readonly StateEdit[]): Map<Prefix, Leaf | undefined> {
    const groups = new Map<Prefix, { readonly leaf: Leaf; readonly edits: StateEdit[] }>();
    const find = bucketsAt(this.#docs, this.#room, main);
    for (const edit of edits) {
      const found = bucketOf(find, edit[0]);
      assert(found, "every key of a state with buckets is in one");
      const [prefix, leaf] = found;
      const group = groups.get(prefix);
      if (group) group.edits.push(edit);
      else groups.set(prefix, { leaf, edits: [edit] });
    }
    const moved = new Map<Prefix, Leaf | undefined>();
    for (const [prefix, group] of groups) {
      if (!this.#mayBeginBucket(group.leaf.doc, group.edits.length)) {
        moved.set(prefix, this.#change(group.leaf, group.edits));
        continue;
      }
      this.#bucketsBegun++;
      const state: State = new Map(entriesOf(this.#docs, group.leaf));
      applyEdits(state, group.edits);
      const leaves = this.#isLarge(prefix, state)
        ? this.#split(prefix, state)
        : new Map([[prefix, this.#beginBucket(prefix, state)]]);
      if (!leaves.has(prefix)) moved.set(prefix, undefined);
      for (const [name, leaf] of leaves) moved.set(name, leaf);
    }
    return moved;
  }

  #settle(main: Leaf, moved: Map<Prefix, Leaf | undefined>): void {
    const { doc, heads } = main;
    const keys = new Set(heads.flatMap((head) => this.#docs.changed(doc, [head], heads)));
    for (const key of keys) {
      const prefix = prefixOf(key);
      if (prefix === undefined || moved.has(prefix)) continue;
      const leaf = bucketAt(this.#docs, this.#room, main, prefix);
      if (leaf && this.#docs.all(doc, key, heads).length > 1) moved.set(prefix, leaf);
    }
  }

  #isLong(doc: DocId, edits: number): boolean {
    return this.#docs.length(doc) + edits > this.#docs.roomLimits.lengthMax;
  }

  #mayBeginBucket(doc: DocId, edits: number): boolean {
    return this.#bucketsBegun < this.#docs.roomLimits.bucketsBegunMax && this.#isLong(doc, edits);
  }

  #isLarge(prefix: Prefix, state: State): boolean {
    return state.size > this.#docs.roomLimits.bucketEntriesMax && prefix.length < BUCKET_DEPTH_MAX;
  }

  /** Begins the buckets below one that is too large for its name alone. */
  #split(prefix: Prefix, state: State): Map<Prefix, Leaf> {
    const leaves = new Map<Prefix, Leaf>();
    const parts = Map.groupBy(state, ([key]) => digitsOf(key).charAt(prefix.length));
    for (const digit of DIGITS) {
      const name = prefix + digit;
      const part: State = new Map(parts.get(digit));
      const below = this.#isLarge(name, part)
        ? this.#split(name, part)
        : new Map([[name, this.#beginBucket(name, part)]]);
      for (const [each, leaf] of below) leaves.set(each, leaf);
    }
    return leaves;
  }

  /** With its name, so that no two buckets that hold the same are one document. */
  #beginBucket(prefix: Prefix, state: State): Leaf {
    return this.#begin([[BUCKET_NAME_KEY, prefix], ...state]);
  }

  #begin(entries: readonly Entry[]): Leaf {
    const { doc, change, heads } = this.#docs.begin(this.#room, entries);
    return this.#record({ doc, heads }, change);
  }

  #change(
    { doc, heads }: Leaf,
    edits: readonly (readonly [key: string, value: string | undefined])[],
  ): Leaf {
    const made = this.#docs.change(doc, edits, heads);
    return this.#record({ doc, heads: made.heads }, made.change);
  }

  #record(leaf: Leaf, bytes: Uint8Array): Leaf {
    const change = Buffer.from(bytes).toString("base64");
    this.#changes.push({ kind: "change", doc: leaf.doc, change });
    return leaf;
  }
}

function pointerEntry([prefix, leaf]: readonly [Prefix, Leaf]): Entry {
  return [pointerKey(prefix), encodePointer(leaf)];
}

function applyEdits(state: State, edits: readonly StateEdit[]): void {
  for (const [key, event] of edits) {
    if (event === undefined) state.delete(key);
    else state.set(key, event);
  }
}
