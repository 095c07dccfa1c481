import type { Origin, Vector } from "../vector.ts";
import { boxOf, incarnationOf } from "../vector.ts";

/**
 * The transactions that are in both sets. Where each set takes an earlier incarnation for granted, so
 * does the result, if it names a later one.
 */
export function intersection(a: Vector, b: Vector): Vector {
  const out: Record<Origin, number> = {};
  for (const origin of new Set([...Object.keys(a), ...Object.keys(b)]) as Set<Origin>) {
    out[origin] = Math.min(placeIn(a, origin), placeIn(b, origin));
  }
  return out;
}

/** The last sequence of an origin that is in the set: 0 when none is, infinite when all are. */
function placeIn(vector: Vector, origin: Origin): number {
  const seq = vector[origin];
  if (seq !== undefined) return seq;
  const isImplied = (Object.keys(vector) as Origin[]).some(
    (other) => boxOf(other) === boxOf(origin) && incarnationOf(other) > incarnationOf(origin),
  );
  return isImplied ? Number.POSITIVE_INFINITY : 0;
}
