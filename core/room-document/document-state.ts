import type { StateKey } from "../event/state-key.ts";
import { stateKeyOf } from "../event/state-key.ts";
import type { EventId, RoomId } from "../ids.ts";
import type { StateHeads } from "../transaction/records.ts";
import { isStateKey, prefixOf } from "./layout.ts";
import type { Leaf, Prefix } from "./layout.ts";
import {
  bucketAt,
  bucketOf,
  bucketsAt,
  hasBuckets,
  leavesOf,
  mainLeaf,
  mergeLeaves,
} from "./leaves.ts";
import type { LeafViews } from "./leaves.ts";
import { generationOf, isSameState, sameList } from "./names.ts";

/** State of a room at some moment: which event holds each (type, state key). */
export interface StateView {
  get(type: string, stateKey: string): EventId | undefined;
  entries(): Iterable<readonly [key: StateKey, event: EventId]>;
}

/** The state that a room's documents show at these heads. It never changes, so what was read is kept. */
export function documentState(docs: LeafViews, room: RoomId, at: StateHeads): StateView {
  const main = mainLeaf(room, at);
  const known = new Map<string, EventId | undefined>();
  const find = bucketsAt(docs, room, main);
  let isInBuckets: boolean | undefined;
  return {
    get(type, stateKey) {
      const key = stateKeyOf(type, stateKey);
      if (known.has(key)) return known.get(key);
      isInBuckets ??= hasBuckets(docs, main);
      const leaf = isInBuckets ? bucketOf(find, key)?.[1] : main;
      const event = leaf && (docs.get(leaf.doc, key, leaf.heads) as EventId | undefined);
      known.set(key, event);
      return event;
    },
    entries: () => entriesAt(docs, room, main),
  };
}

function* entriesAt(
  docs: LeafViews,
  room: RoomId,
  main: Leaf,
): Generator<readonly [StateKey, EventId]> {
  for (const leaf of leavesOf(docs, room, main).values()) {
    yield* entriesOf(docs, leaf);
  }
}

export function entriesOf(docs: LeafViews, { doc, heads }: Leaf): [StateKey, EventId][] {
  const entries = [...docs.entries(doc, heads)];
  return entries.filter(([key]) => isStateKey(key)) as [StateKey, EventId][];
}

/**
 * One document state that several come together in: the union of the heads of one generation. Whether
 * it is what the room's rules make of them is another question.
 */
export function mergedState(
  docs: LeafViews,
  room: RoomId,
  states: readonly StateHeads[],
): StateHeads {
  const merged = mergeLeaves(
    docs,
    states.map((state) => mainLeaf(room, state)),
  );
  if (!merged) return { heads: [] };
  const generation = generationOf(merged.doc);
  return generation === undefined ? { heads: merged.heads } : { heads: merged.heads, generation };
}

/**
 * The keys at which two states of a room differ; it may name one where they agree. What both have in
 * common is not looked at: this costs by how much they differ, unless they are of different generations.
 */
export function differingKeys(
  docs: LeafViews,
  room: RoomId,
  a: StateHeads,
  b: StateHeads,
): Set<StateKey> {
  const keys = new Set<StateKey>();
  if (isSameState(a, b)) return keys;
  const [left, right] = [mainLeaf(room, a), mainLeaf(room, b)];
  const [ours, theirs] = movedLeaves(docs, room, left, right) ?? [
    leavesOf(docs, room, left),
    leavesOf(docs, room, right),
  ];
  for (const [prefix, mine] of ours) {
    const other = theirs.get(prefix);
    if (other?.doc !== mine.doc) continue;
    ours.delete(prefix);
    theirs.delete(prefix);
    for (const key of changedKeys(docs, mine, other)) keys.add(key);
  }
  const [mine, other] = [entriesOfAll(docs, ours), entriesOfAll(docs, theirs)];
  for (const [key, event] of mine) if (other.get(key) !== event) keys.add(key);
  for (const key of other.keys()) if (!mine.has(key)) keys.add(key);
  return keys;
}

type Leaves = Map<Prefix, Leaf>;

/** The buckets that are not the same at two places of one document, if it still has the same ones. */
function movedLeaves(
  docs: LeafViews,
  room: RoomId,
  a: Leaf,
  b: Leaf,
): [ours: Leaves, theirs: Leaves] | undefined {
  // Two disputes about a bucket may look alike to the document and be about different things.
  if (a.doc !== b.doc || !hasBuckets(docs, a) || Math.min(a.heads.length, b.heads.length) > 1) {
    return undefined;
  }
  const moved: [Leaves, Leaves] = [new Map(), new Map()];
  for (const key of docs.changed(a.doc, a.heads, b.heads)) {
    const prefix = prefixOf(key);
    if (prefix === undefined) continue;
    const [mine, other] = [bucketAt(docs, room, a, prefix), bucketAt(docs, room, b, prefix)];
    if (!mine || !other) return undefined;
    moved[0].set(prefix, mine);
    moved[1].set(prefix, other);
  }
  return moved;
}

function entriesOfAll(docs: LeafViews, leaves: Leaves): Map<StateKey, EventId> {
  return new Map([...leaves.values()].flatMap((leaf) => entriesOf(docs, leaf)));
}

function changedKeys(docs: LeafViews, a: Leaf, b: Leaf): StateKey[] {
  if (sameList(a.heads, b.heads)) return [];
  return docs.changed(a.doc, a.heads, b.heads).filter(isStateKey) as StateKey[];
}
