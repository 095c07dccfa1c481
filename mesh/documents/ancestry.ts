import type { Heads } from "../../core/transaction/records.ts";

/** A change's place in the history: operations are numbered above those of all its ancestors. */
export interface ChangeNode {
  readonly deps: Heads;
  readonly startOp: number;
  readonly maxOp: number;
}

/**
 * Is every one of `inner` one of `outer` or an ancestor of one? Walks back from `outer`, no further
 * than the numbers allow, so sets that lie close together cost little in a long history.
 */
export function containsHeads(
  nodeOf: (hash: string) => ChangeNode | undefined,
  outer: Heads,
  inner: Heads,
): boolean {
  const wanted = new Set(inner);
  const lowest = Math.min(...inner.map((hash) => nodeOf(hash)?.maxOp ?? 0));
  const seen = new Set<string>();
  const queue = [...outer];
  for (let hash = queue.pop(); hash !== undefined && wanted.size > 0; hash = queue.pop()) {
    if (seen.has(hash)) continue;
    seen.add(hash);
    wanted.delete(hash);
    const node = nodeOf(hash);
    if (node !== undefined && node.startOp > lowest) queue.push(...node.deps);
  }
  return wanted.size === 0;
}

/** Of several sets of heads, those that no other one contains; of equal ones the first. */
export function maximalHeads(
  includes: (outer: Heads, inner: Heads) => boolean,
  sets: readonly Heads[],
): Heads[] {
  return sets.filter((inner, i) =>
    sets.every(
      (outer, j) => i === j || !includes(outer, inner) || (i < j && includes(inner, outer)),
    ),
  );
}
