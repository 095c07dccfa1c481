import type { Logger } from "../../core/ports.ts";
import { unknownRecords } from "../../core/tables.ts";
import { applyRecord } from "../../core/transaction/apply.ts";
import { isKnownRecord } from "../../core/transaction/known-records.ts";
import type { HybridTime, TransactionRecord } from "../../core/transaction/records.ts";
import { dotOfUnknown } from "../../core/transaction/unknown-records.ts";
import type { StateStore } from "../store/overlay.ts";
import type { Ledger } from "./ledger.ts";

/** Rows read at once. */
const ROWS_AT_ONCE = 200;
/** Records applied before the disk is waited for. */
const RECORDS_AT_ONCE = 50;

type UnknownKey = Parameters<typeof dotOfUnknown>[0];

export interface AdoptDeps {
  readonly state: StateStore;
  readonly ledger: Pick<Ledger, "context">;
  readonly logger: Logger;
  /** What this version of the software knows, and what it does with it. */
  readonly isKnown?: (record: TransactionRecord) => boolean;
  readonly apply?: typeof applyRecord;
}

/**
 * Applies what was kept for a later version of the software, now that this is one: in the order of its
 * causes, though after what came later. So a kind of record that is added must give the same whenever
 * it is applied after its causes. What fails is kept. Returns how many were applied.
 */
export async function adoptRecords(deps: AdoptDeps): Promise<number> {
  const known = await knownRows(deps);
  let applied = 0;
  let writes: Promise<void>[] = [];
  for (const [, key] of known) {
    const written = adopt(deps, key);
    if (!written) continue;
    applied++;
    writes.push(written);
    if (writes.length < RECORDS_AT_ONCE) continue;
    await Promise.all(writes);
    writes = [];
  }
  await Promise.all(writes);
  if (applied > 0) deps.logger.info({ applied }, "took up what a later version had written");
  return applied;
}

/** The rows of kinds that are known now, by time: causes before what they caused. */
async function knownRows(deps: AdoptDeps): Promise<[time: HybridTime, key: UnknownKey][]> {
  const { isKnown = isKnownRecord } = deps;
  const known: [HybridTime, UnknownKey][] = [];
  using snapshot = deps.state.snapshot();
  let after: UnknownKey | undefined;
  for (;;) {
    const rows = await snapshot.range(unknownRecords, {
      prefix: [],
      limit: ROWS_AT_ONCE,
      ...(after ? { after } : {}),
    });
    for (const [key, { record, time }] of rows) if (isKnown(record)) known.push([time, key]);
    after = rows.at(-1)?.[0];
    if (after === undefined || rows.length < ROWS_AT_ONCE) break;
  }
  return known.toSorted(([a, [, , seq, index]], [b, [, , otherSeq, other]]) =>
    a !== b ? a - b : seq !== otherSeq ? seq - otherSeq : index - other,
  );
}

function adopt(deps: AdoptDeps, key: UnknownKey): Promise<void> | undefined {
  const { state, ledger, logger, apply = applyRecord } = deps;
  const kept = state.get(unknownRecords, key);
  if (!kept) return undefined;
  const stage = state.begin();
  try {
    const context = ledger.context(stage, dotOfUnknown(key), kept.causes, kept.time);
    apply(context, kept.record, key[3]);
    stage.del(unknownRecords, key);
  } catch (error) {
    stage.abandon();
    logger.warn({ err: error, key }, "a record that a later version had written cannot be applied");
    return undefined;
  }
  return state.commit(stage);
}
