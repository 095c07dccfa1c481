import type { BoxId } from "../../core/ids.ts";
import type { Command } from "../../core/ports.ts";
import { closedOrigins } from "../../core/tables.ts";
import { boxOf, covers, incarnationOf } from "../../core/vector.ts";
import type { Origin, Vector } from "../../core/vector.ts";

/** Earlier lives closed by one transaction; more wait for the next round. */
const CLOSED_AT_ONCE_MAX = 500;

export interface Tail {
  readonly origin: Origin;
  readonly seq: number;
}

/**
 * The earlier lives of this box whose end is certain: every other member has said, since this life
 * began, what it has of them, and it was nothing that is missing here. Vectors need not name them
 * any more. `heard`: what each box last said.
 */
export function certainTails(
  life: Origin,
  positions: ReadonlyMap<Origin, number>,
  members: readonly BoxId[],
  heard: ReadonlyMap<BoxId, Vector>,
): Tail[] {
  const self = boxOf(life);
  const others = members.filter((box) => box !== self);
  if (others.some((box) => !heard.has(box))) return [];
  const tails: Tail[] = [];
  for (const [origin, seq] of positions) {
    const earlier = boxOf(origin) === self && incarnationOf(origin) < incarnationOf(life);
    if (!earlier || tails.length >= CLOSED_AT_ONCE_MAX) continue;
    const beyond = { origin, seq: seq + 1 };
    // A vector that leaves it out for a later life says nothing about entries beyond ours.
    const exceeded = others.some((box) => {
      const vector = heard.get(box) ?? {};
      return vector[origin] !== undefined && covers(vector, beyond);
    });
    if (!exceeded) tails.push({ origin, seq });
  }
  return tails;
}

export const closeTails: Command<readonly Tail[], void> = (draft, tails) => {
  for (const { origin, seq } of tails) {
    if (draft.get(closedOrigins, [origin]) === undefined) {
      draft.stage({ kind: "close", origin, seq });
    }
  }
};
