import { unknownRecords } from "../tables.ts";
import { boxOf, incarnationOf, originOf } from "../vector.ts";
import type { Dot } from "../vector.ts";
import type { BoxId } from "../ids.ts";
import type { ApplyContext } from "./apply.ts";
import type { TransactionRecord } from "./records.ts";

/**
 * Keeps a record that only a later version of the software understands, with what applying it needs:
 * the journal, where it is too, may be cut before this box is updated.
 */
export function keepUnknownRecord(
  context: ApplyContext,
  record: TransactionRecord,
  index: number,
): void {
  const { view, dot, causes, time } = context;
  const key = [boxOf(dot.origin), incarnationOf(dot.origin), dot.seq, index] as const;
  view.put(unknownRecords, [...key], { record, causes, time });
}

/** The transaction that a kept record is from. */
export function dotOfUnknown(
  key: readonly [box: BoxId, incarnation: number, seq: number, index: number],
): Dot {
  return { origin: originOf(key[0], key[1]), seq: key[2] };
}
