import type { RoomId } from "../ids.ts";
import type { DocumentViews } from "../ports.ts";
import type { StateHeads } from "../transaction/records.ts";
import {
  BUCKET_DEPTH_MAX,
  BUCKETS_KEY,
  digitsOf,
  parsePointer,
  pointerKey,
  prefixOf,
} from "./layout.ts";
import type { Leaf, Prefix } from "./layout.ts";
import { generationOf, roomDoc } from "./names.ts";

export type LeafViews = Pick<DocumentViews, "get" | "all" | "entries" | "changed" | "maximal">;

/** The document that names a state, and where it looks at it. */
export function mainLeaf(room: RoomId, { generation, heads }: StateHeads): Leaf {
  return { doc: roomDoc(room, generation), heads };
}

export function hasBuckets(docs: LeafViews, { doc, heads }: Leaf): boolean {
  return generationOf(doc) !== undefined && docs.get(doc, BUCKETS_KEY, heads) !== undefined;
}

/**
 * The bucket of this name at a state. Where branches came together that moved it, it is what it became
 * in all of them: heads of one document merge, as those of the main one do. Of several documents the
 * one with the greatest name counts, and who writes on top of them writes what the others had.
 */
export function bucketAt(
  docs: LeafViews,
  room: RoomId,
  main: Leaf,
  prefix: Prefix,
): Leaf | undefined {
  const key = pointerKey(prefix);
  const shown = docs.get(main.doc, key, main.heads);
  // Who writes on top of several heads settles what they dispute, so one head disputes nothing.
  if (main.heads.length < 2) return parsePointer(room, shown);
  const isDisputed = main.heads.some((head) => docs.get(main.doc, key, [head]) !== shown);
  if (!isDisputed) return parsePointer(room, shown);
  const leaves = docs
    .all(main.doc, key, main.heads)
    .map((text) => parsePointer(room, text))
    .filter((leaf) => leaf !== undefined);
  return mergeLeaves(docs, leaves);
}

/** Of leaves of one document the union, of several documents that of the one with the greatest name. */
export function mergeLeaves(docs: LeafViews, leaves: readonly Leaf[]): Leaf | undefined {
  const [doc] = leaves.map((leaf) => leaf.doc).toSorted((a, b) => (a < b ? 1 : -1));
  if (doc === undefined) return undefined;
  const hashes = new Set(leaves.filter((leaf) => leaf.doc === doc).flatMap((leaf) => leaf.heads));
  const sets = [...hashes].map((hash) => [hash]);
  return { doc, heads: docs.maximal(doc, sets).flat().toSorted() };
}

/** The bucket that a key of the state is in. `find` gives the one of a name, `bucketAt` mostly. */
export function bucketOf(
  find: (prefix: Prefix) => Leaf | undefined,
  key: string,
): readonly [prefix: Prefix, leaf: Leaf] | undefined {
  const digits = digitsOf(key);
  // Where branches split a bucket and wrote to it, the shorter name counts, whatever is below it.
  for (let depth = 1; depth <= BUCKET_DEPTH_MAX; depth++) {
    const prefix = digits.slice(0, depth);
    const leaf = find(prefix);
    if (leaf) return [prefix, leaf];
  }
  return undefined;
}

/** `bucketAt` at one state, which remembers: neighbours in a bucket are found again at no cost. */
export function bucketsAt(
  docs: LeafViews,
  room: RoomId,
  main: Leaf,
): (prefix: Prefix) => Leaf | undefined {
  const known = new Map<Prefix, Leaf | undefined>();
  return (prefix) => {
    if (known.has(prefix)) return known.get(prefix);
    const leaf = bucketAt(docs, room, main, prefix);
    known.set(prefix, leaf);
    return leaf;
  };
}

/** All documents that hold a part of a state, by the digits that their keys have in common. */
export function leavesOf(docs: LeafViews, room: RoomId, main: Leaf): Map<Prefix, Leaf> {
  if (!hasBuckets(docs, main)) return new Map([["", main]]);
  const leaves = new Map<Prefix, Leaf>();
  const prefixes = [...docs.entries(main.doc, main.heads)]
    .map(([key]) => prefixOf(key))
    .filter((prefix) => prefix !== undefined)
    .toSorted((a, b) => a.length - b.length);
  for (const prefix of prefixes) {
    if (isBelow(prefix, leaves)) continue;
    const leaf = bucketAt(docs, room, main, prefix);
    if (leaf) leaves.set(prefix, leaf);
  }
  return leaves;
}

function isBelow(prefix: Prefix, leaves: ReadonlyMap<Prefix, Leaf>): boolean {
  for (let depth = 1; depth < prefix.length; depth++) {
    if (leaves.has(prefix.slice(0, depth))) return true;
  }
  return false;
}
