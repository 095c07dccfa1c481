import type { BoxId } from "../../core/ids.ts";
import { boxOf, covers, includes } from "../../core/vector.ts";
import type { Origin, Vector } from "../../core/vector.ts";

/** How many of an origin's first `seq` entries are in the set. */
export function covered(vector: Vector, origin: Origin, seq: number): number {
  if (covers(vector, { origin, seq })) return seq;
  return Math.min(vector[origin] ?? 0, seq);
}

/**
 * Is the group more than half of the boxes, or half of them with the first one among them? Any two
 * such groups have a box in common.
 */
export function isDecisive(group: ReadonlySet<BoxId>, members: readonly BoxId[]): boolean {
  const count = members.filter((box) => group.has(box)).length;
  if (count * 2 !== members.length) return count * 2 > members.length;
  const [first] = members.toSorted();
  return first !== undefined && group.has(first);
}

/** What this box has on disk, and what each other member last said to have. */
export interface Holdings {
  readonly self: BoxId;
  readonly here: Vector;
  readonly members: readonly BoxId[];
  readonly heard: ReadonlyMap<BoxId, Vector>;
}

/** The last of an origin's entries, of which `seq` are here, that every member has on disk. */
export function heldByAll({ self, members, heard }: Holdings, origin: Origin, seq: number): number {
  const others = members.filter((box) => box !== self);
  return Math.min(seq, ...others.map((box) => covered(heard.get(box) ?? {}, origin, seq)));
}

/**
 * The last of an origin's entries that may go although a member lacks it: a decisive group has it,
 * nobody has said to have anything that is missing here, and everybody has heard of all members. So of
 * two boxes, one at most has dropped what the other lacks, and the other one can copy it:
 * docs/decisions/0023.
 */
export function heldByMost(holdings: Holdings, origin: Origin, seq: number): number {
  const { self, here, members, heard } = holdings;
  const counts = new Map<BoxId, number>([[self, seq]]);
  for (const box of members) {
    if (box === self) continue;
    const vector = heard.get(box);
    if (vector === undefined || !includes(here, vector) || !namesAll(vector, members)) return 0;
    counts.set(box, covered(vector, origin, seq));
  }
  for (const least of [...new Set(counts.values())].toSorted((a, b) => b - a)) {
    const group = [...counts].filter(([, count]) => count >= least).map(([box]) => box);
    if (isDecisive(new Set(group), members)) return least;
  }
  return 0;
}

function namesAll(vector: Vector, members: readonly BoxId[]): boolean {
  const named = new Set((Object.keys(vector) as Origin[]).map(boxOf));
  return members.every((box) => named.has(box));
}
