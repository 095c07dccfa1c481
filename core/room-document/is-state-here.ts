import type { RoomId } from "../ids.ts";
import type { DocumentViews } from "../ports.ts";
import type { StateHeads } from "../transaction/records.ts";
import { BUCKETS_KEY, parsePointer, prefixOf } from "./layout.ts";
import type { Leaf } from "./layout.ts";
import { hasBuckets, mainLeaf } from "./leaves.ts";

/**
 * Can a state that another box names be read here, with all of its buckets? What it shares with
 * `known`, a state that is here, needs no second look.
 */
export function isStateHere(
  docs: DocumentViews,
  room: RoomId,
  at: StateHeads,
  known?: StateHeads,
): boolean {
  const main = mainLeaf(room, at);
  if (!docs.contains(main.doc, main.heads)) return false;
  if (!hasBuckets(docs, main)) return true;
  const before = known && mainLeaf(room, known);
  const entries =
    before?.doc === main.doc
      ? changedEntries(docs, before, main)
      : docs.entries(main.doc, main.heads);
  for (const [key, text] of entries) {
    if (key === BUCKETS_KEY || text === undefined) continue;
    if (before && docs.get(before.doc, key, before.heads) === text) continue;
    const leaf = prefixOf(key) === undefined ? undefined : parsePointer(room, text);
    if (!leaf || !docs.contains(leaf.doc, leaf.heads)) return false;
  }
  return true;
}

function changedEntries(
  docs: DocumentViews,
  from: Leaf,
  to: Leaf,
): [key: string, text: string | undefined][] {
  const keys = docs.changed(to.doc, from.heads, to.heads);
  return keys.map((key) => [key, docs.get(to.doc, key, to.heads)]);
}
