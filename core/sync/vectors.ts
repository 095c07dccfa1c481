import type { BoxId } from "../ids.ts";
import type { View } from "../ports.ts";
import { closedOrigins } from "../tables.ts";
import type { Origin, Vector } from "../vector.ts";
import { boxOf, implies, incarnationOf, includes } from "../vector.ts";

/** The transactions that are in both sets. */
export function intersection(a: Vector, b: Vector): Vector {
  const out: Record<Origin, number> = {};
  const [inA, inB] = [boxesIn(a), boxesIn(b)];
  for (const origin of new Set([...Object.keys(a), ...Object.keys(b)]) as Set<Origin>) {
    // A box of which one side has nothing must not be named: that would take its past for granted.
    if (!inA.has(boxOf(origin)) || !inB.has(boxOf(origin))) continue;
    out[origin] = Math.min(placeIn(a, origin), placeIn(b, origin));
  }
  return out;
}

/**
 * Is `inner` in `outer`, the incarnations that `inner` takes for granted included? Where `outer` has a
 * part of one, its end decides, which every box knows that has seen it left out.
 */
export function includesWhole(view: View, outer: Vector, inner: Vector): boolean {
  if (!includes(outer, inner)) return false;
  return (Object.keys(outer) as Origin[]).every((origin) => {
    if (!implies(inner, origin)) return true;
    const end = view.get(closedOrigins, [origin]);
    return end !== undefined && end <= (outer[origin] ?? 0);
  });
}

/** Rows keyed by box, incarnation and sequence: those after one place and before one incarnation. */
export interface Stretch {
  readonly box: BoxId;
  readonly after?: readonly [incarnation: number, seq: number];
  readonly before?: readonly [incarnation: number];
}

/** Where what `vector` has and `since` has not can lie. */
export function stretchesBeyond(vector: Vector, since: Vector): Stretch[] {
  return [...boxesIn(vector)].flatMap((box) => {
    const known = livesOf(box, since);
    const here = livesOf(box, vector);
    if (known.length === 0) return [{ box }];
    return known.flatMap(([incarnation, seq], i): Stretch[] => {
      const next = known[i + 1]?.[0];
      if (!hasMore(here, incarnation, seq, next)) return [];
      return [
        { box, after: [incarnation, seq], ...(next === undefined ? {} : { before: [next] }) },
      ];
    });
  });
}

type Life = readonly [incarnation: number, seq: number];

/** Is there anything after `seq` of the incarnation and before the incarnation `next`? */
function hasMore(
  lives: readonly Life[],
  incarnation: number,
  seq: number,
  next: number | undefined,
): boolean {
  // Lives before the first one named are there as a whole.
  if (lives[0] !== undefined && lives[0][0] > incarnation) return true;
  return lives.some(([life, last]) => {
    if (life < incarnation || (next !== undefined && life >= next)) return false;
    return life > incarnation || last > seq;
  });
}

/** The incarnations of a box that a vector names, earliest first. */
function livesOf(box: BoxId, vector: Vector): Life[] {
  const origins = (Object.keys(vector) as Origin[]).filter((origin) => boxOf(origin) === box);
  const lives = origins.map((origin): Life => [incarnationOf(origin), vector[origin] ?? 0]);
  return lives.toSorted(([a], [b]) => a - b);
}

function boxesIn(vector: Vector): Set<BoxId> {
  return new Set((Object.keys(vector) as Origin[]).map(boxOf));
}

/** The last sequence of an origin that is in the set: 0 when none is, infinite when all are. */
function placeIn(vector: Vector, origin: Origin): number {
  return vector[origin] ?? (implies(vector, origin) ? Number.POSITIVE_INFINITY : 0);
}
