import * as Automerge from "@automerge/automerge";
import { assert } from "../../core/errors.ts";
import type { Heads } from "../../core/transaction/records.ts";
import { encodeVector } from "../../core/vector.ts";
import type { Origin } from "../../core/vector.ts";
import { checkSize, isHash, readChange } from "./change.ts";
import type { ChangeContent } from "./change.ts";
import { DocumentError } from "./document-error.ts";
import { containsHeads } from "./ancestry.ts";
import type { StoredDocument } from "./stored-document.ts";
import type { ChangeNode } from "./ancestry.ts";

type Handle = ReturnType<typeof Automerge.getBackend>;
export type Edit = readonly [key: string, value: string | undefined];

const ROOT = "_root";
/** Text scalars, never collaborative text: an edit replaces the value. */
const TEXT = "str";
/** In every change, so that equal edits have equal hashes on every box. */
const TIME = 0;
/** Bytes of box and incarnation in an encoded vector entry. */
const ACTOR_BYTES = 11;
/** Changes taken but not yet worked in, at most: what they take to work in grows little with their number. */
const BEHIND_MAX = 500;
/** Changes whose place in the history is remembered for a document; about 300 bytes each. */
const NODES_CACHED_MAX = 2000;

/** The Automerge actor of one life of a box: of fixed length, so that no actor begins another one. */
export function actorOf(origin: Origin): string {
  return Buffer.from(encodeVector({ [origin]: 0 }), "base64url").toString("hex", 0, ACTOR_BYTES);
}

/**
 * One open document: a flat map of text, on Automerge's low-level handle, which is ten times faster
 * than its proxies. Owns memory outside of the JavaScript heap: `free` it.
 *
 * Automerge rebuilds the whole document when it takes changes made elsewhere, one or many: 6 ms for a
 * room of 20,000 members. So such changes are checked at once and worked in together, when something
 * is read or made that needs them. A room where nobody forks the state reads its index, not this.
 */
export class AutomergeDoc {
  readonly #handle: Handle;
  readonly #nodes = new Map<string, ChangeNode>();
  /** Changes that the handle does not have yet, in order. */
  readonly #behind = new Map<string, ChangeContent & { readonly bytes: Uint8Array }>();
  /** The last sequence of each actor whose next change can be checked without the handle. */
  readonly #sequences = new Map<string, number>();
  readonly #root: string | undefined;
  #heads: Heads | undefined;
  /** Operations in the history, the measure of its memory. */
  operations: number;

  /**
   * `snapshot` is what `save` gave; `changes` follow it. `root`: the one change that rests on no other;
   * without it there may be several. Throws DocumentError on damaged bytes.
   */
  constructor(
    actor: string,
    stored: Partial<Pick<StoredDocument, "snapshot" | "changes">> = {},
    root?: string,
  ) {
    const { snapshot, changes = [] } = stored;
    this.#root = root;
    this.#handle = Automerge.getBackend(Automerge.init({ actor }));
    try {
      if (snapshot !== undefined) this.#handle.loadIncremental(snapshot);
      if (changes.length > 0) this.#handle.applyChanges([...changes]);
      // Automerge keeps changes back whose causes are missing, and says nothing.
      assert(this.#handle.getMissingDeps([]).length === 0, "a stored document is complete");
    } catch (error) {
      this.free();
      throw new DocumentError("garbage", "a stored document cannot be read", error);
    }
    this.operations = this.#handle.stats().numOps;
  }

  get heads(): Heads {
    this.#heads ??= this.#handle.getHeads().sort();
    return this.#heads;
  }

  get(key: string, at: Heads = this.heads): string | undefined {
    let below = at;
    for (let waiting = this.#waiting(below); waiting; waiting = this.#waiting(below)) {
      const value = waiting.edits.get(key);
      if (value !== undefined) return value;
      // Only the handle can tell whether a removal left nothing.
      if (waiting.edits.has(key)) break;
      below = waiting.deps;
    }
    if (below.some((hash) => this.#behind.has(hash))) this.#catchUp();
    const value = this.#handle.get(ROOT, key, this.#view(below));
    return typeof value === "string" ? value : undefined;
  }

  /** The one change that these heads name, if it waits: what it sets wins over all that it rests on. */
  #waiting([hash, ...others]: Heads): ChangeContent | undefined {
    return hash === undefined || others.length > 0 ? undefined : this.#behind.get(hash);
  }

  entries(at?: Heads): [key: string, value: string][] {
    this.#catchUpFor(at);
    const map: unknown = this.#handle.materialize(ROOT, this.#view(at));
    assert(typeof map === "object" && map !== null, "a document is a map");
    return Object.entries(map).flatMap(([key, value]: [string, unknown]): [string, string][] =>
      value instanceof Automerge.ImmutableString ? [[key, value.val]] : [],
    );
  }

  /** Every value that stands for a key at `heads`: several where branches set it apart. */
  all(key: string, heads: Heads): string[] {
    this.#catchUpFor(heads);
    const values = this.#handle.getAll(ROOT, key, this.#known(heads));
    return values.map(([, value]) => value).filter((value) => typeof value === "string");
  }

  /**
   * The keys that read otherwise at `to` than at `from`, or are disputed at only one of the two; perhaps
   * also some that were set to what they were.
   */
  changed(from: Heads, to: Heads): string[] {
    const keys = new Set<string>();
    let below = to;
    for (let waiting = this.#waiting(below); waiting; waiting = this.#waiting(below)) {
      for (const key of waiting.edits.keys()) keys.add(key);
      below = waiting.deps;
      if (below.length === from.length && below.every((hash) => from.includes(hash))) {
        return [...keys];
      }
    }
    this.#catchUpFor([...from, ...to]);
    const patches = this.#handle.diff(this.#known(from), this.#known(to));
    return patches.map(({ path }) => String(path[0]));
  }

  /** Operations of the changes that rest on the first one. */
  get operationsAfterRoot(): number {
    const root = this.#root === undefined ? undefined : this.#node(this.#root);
    return this.operations - (root?.maxOp ?? 0);
  }

  contains(heads: Heads): boolean {
    return heads.every((hash) => this.#node(hash) !== undefined);
  }

  /** Are all changes below `inner` below `outer` too? Both are in the document. */
  includes(outer: Heads, inner: Heads): boolean {
    return containsHeads((hash) => this.#node(hash), outer, inner);
  }

  /** Makes one change at `base` (by default: everything). Edits that change nothing make one all the same. */
  change(edits: readonly Edit[], base?: Heads): { change: Uint8Array; heads: Heads } {
    this.#catchUp();
    const at = this.#view(base);
    // At earlier heads Automerge takes an actor of its own, derived from this one: no sequence is reused.
    if (at) this.#handle.isolate(at);
    let hash;
    try {
      for (const edit of edits) this.#edit(edit);
      hash = this.#handle.commit(undefined, TIME);
      if (hash === null && edits[0] !== undefined) {
        this.#touch(edits[0]);
        hash = this.#handle.commit(undefined, TIME);
      }
    } finally {
      if (at) this.#handle.integrate();
    }
    assert(hash !== null || at === undefined, "a change at earlier heads edits something");
    hash ??= this.#handle.emptyChange(undefined, TIME);
    this.#heads = undefined;
    this.operations += edits.length;
    const change = this.#handle.getChangeByHash(hash);
    assert(change !== null, "a change that was made is in the document");
    checkSize(change);
    return { change, heads: [hash] };
  }

  /** Takes a change that was made elsewhere; returns the keys it edits, none when it is known. */
  apply(bytes: Uint8Array): string[] {
    const content = readChange(bytes);
    const { hash, deps, edits, actor, seq, startOp } = content;
    if (this.#node(hash) !== undefined) return [];
    if (this.#root !== undefined && (deps.length === 0) !== (hash === this.#root)) {
      throw new DocumentError("garbage", "a change is not of the generation that it names");
    }
    if (!this.contains(deps)) {
      throw new DocumentError("missing-deps", "a change builds on changes that are not here");
    }
    if (deps.some((dep) => (this.#node(dep)?.maxOp ?? 0) >= startOp)) {
      throw new DocumentError("garbage", "a change is numbered before what it builds on");
    }
    const last = this.#sequences.get(actor);
    if (last !== undefined && seq !== last + 1) {
      throw new DocumentError("forked", "a change contradicts the document's history");
    }
    // The heads of before, if they are worked out only now, must not include the change.
    const before = this.heads;
    this.#behind.set(hash, { ...content, bytes });
    // Only the handle can tell whether an actor that is new here has used this sequence before.
    if (last === undefined || this.#behind.size >= BEHIND_MAX) this.#catchUp();
    this.#sequences.set(actor, seq);
    this.#heads = [...before.filter((head) => !deps.includes(head)), hash].sort();
    this.operations += edits.size;
    return [...edits.keys()];
  }

  save(): Uint8Array {
    this.#catchUp();
    return this.#handle.save();
  }

  free(): void {
    this.#handle.free();
  }

  /** Works in what a look at these heads needs. */
  #catchUpFor(at: Heads | undefined): void {
    if (at === undefined || at.some((hash) => this.#behind.has(hash))) this.#catchUp();
  }

  #catchUp(): void {
    if (this.#behind.size === 0) return;
    const changes = [...this.#behind.values()].map(({ bytes }) => bytes);
    this.#behind.clear();
    try {
      this.#handle.applyChanges(changes);
    } catch (error) {
      throw new DocumentError("forked", "a change contradicts the document's history", error);
    }
  }

  #edit([key, value]: Edit): void {
    if (value === undefined) this.#handle.delete(ROOT, key);
    else this.#handle.put(ROOT, key, value, TEXT);
  }

  /** Writes what is there already, as an operation: Automerge leaves edits out that change nothing. */
  #touch([key, value]: Edit): void {
    this.#edit([key, value === undefined ? "" : undefined]);
    this.#edit([key, value]);
  }

  /** The heads to look at, or nothing for the newest, which is faster. */
  #view(at: Heads | undefined): string[] | undefined {
    if (at === undefined) return undefined;
    const now = this.heads;
    // Where changes wait, the newest heads are not those of the handle.
    if (
      this.#behind.size === 0 &&
      at.length === now.length &&
      at.every((hash) => now.includes(hash))
    )
      return undefined;
    return this.#known(at);
  }

  #known(heads: Heads): string[] {
    // Automerge answers unknown heads with an empty document.
    if (!this.contains(heads)) {
      throw new DocumentError("missing-deps", "the document does not have these heads");
    }
    return [...heads];
  }

  #node(hash: string): ChangeNode | undefined {
    const known = this.#behind.get(hash) ?? this.#nodes.get(hash);
    if (known !== undefined) return known;
    if (!isHash(hash)) return undefined;
    const meta = this.#handle.getChangeMetaByHash(hash);
    if (meta === null) return undefined;
    const node = { deps: meta.deps, startOp: meta.startOp, maxOp: meta.maxOp };
    if (this.#nodes.size >= NODES_CACHED_MAX) this.#nodes.clear();
    this.#nodes.set(hash, node);
    return node;
  }
}
