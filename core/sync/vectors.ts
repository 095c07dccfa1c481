import type { View } from "../ports.ts";
import { closedOrigins } from "../tables.ts";
import type { Origin, Vector } from "../vector.ts";
import { boxOf, incarnationOf, includes } from "../vector.ts";

/** The transactions that are in both sets. */
export function intersection(a: Vector, b: Vector): Vector {
  const out: Record<Origin, number> = {};
  const origins = [...new Set([...Object.keys(a), ...Object.keys(b)])] as Origin[];
  // Later incarnations first: one that neither has anything of must not stand for the earlier ones.
  for (const origin of origins.toSorted((x, y) => incarnationOf(y) - incarnationOf(x))) {
    const seq = Math.min(placeIn(a, origin), placeIn(b, origin));
    if (seq > 0 || isImplied(out, origin)) out[origin] = seq;
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
    if (inner[origin] !== undefined || !isImplied(inner, origin)) return true;
    const end = view.get(closedOrigins, [origin]);
    return end !== undefined && end <= (outer[origin] ?? 0);
  });
}

/** The last sequence of an origin that is in the set: 0 when none is, infinite when all are. */
function placeIn(vector: Vector, origin: Origin): number {
  return vector[origin] ?? (isImplied(vector, origin) ? Number.POSITIVE_INFINITY : 0);
}

/** Does the vector name a later incarnation of the same box? */
function isImplied(vector: Vector, origin: Origin): boolean {
  return (Object.keys(vector) as Origin[]).some(
    (other) => boxOf(other) === boxOf(origin) && incarnationOf(other) > incarnationOf(origin),
  );
}
