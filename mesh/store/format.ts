import type { Logger } from "../../core/ports.ts";
import { makeAddedTables } from "./added-tables.ts";
import { FORMAT_KEY } from "./mesh-keys.ts";
import type { Store } from "./store.ts";

/**
 * What the rows of a store mean: how they lie, and what the tables have in them. It grows by one
 * whenever an earlier version of the software would misread a store, or this one misses something in
 * an earlier store; then there is a step for it. A table that only comes in addition is no new format
 * (`added-tables.ts`).
 */
export const STORE_FORMAT = 1;

/** Brings a store from the format before `to` to it. Run again after a power cut, it must do no harm. */
export interface FormatStep {
  readonly to: number;
  /** What it does, for the log. */
  readonly name: string;
  run(store: Store): Promise<void>;
}

/** In order, without gaps; the last one leads to `STORE_FORMAT`. */
const STEPS: readonly FormatStep[] = [];

/** A store that a later version of the software wrote. Nothing of it was changed. */
export class NewerStoreError extends Error {
  override readonly name = "NewerStoreError";
  readonly code = "newer_store";
  readonly format: number;

  constructor(format: number, known: number) {
    super(
      `this store was written by a later version of Hearth (format ${format}; this version knows ` +
        `up to ${known}), and was left as it is: install that version again`,
    );
    this.format = format;
  }
}

/**
 * The format of a store; those from before it was written down have the first one. Throws on a row
 * that no version ever wrote.
 */
export function formatOf(store: Pick<Store, "get">): number {
  const text = store.get(FORMAT_KEY) ?? "1";
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error("the store has lost its format");
  return Number(text);
}

/** Throws `NewerStoreError`. */
export function refuseNewer(store: Pick<Store, "get">, known = STORE_FORMAT): void {
  const format = formatOf(store);
  if (format > known) throw new NewerStoreError(format, known);
}

/**
 * Brings an older store to the format of this version, step by step, each noted when it is done; then
 * makes the tables that it lacks.
 */
export async function upgradeStore(
  store: Store,
  logger: Logger,
  steps: readonly FormatStep[] = STEPS,
): Promise<void> {
  const known = steps.at(-1)?.to ?? 1;
  refuseNewer(store, known);
  for (const step of steps) {
    if (step.to <= formatOf(store)) continue;
    logger.info({ format: step.to, step: step.name }, "bringing the store to a new format");
    await step.run(store);
    await store.batch([formatOp(step.to)]);
  }
  if (store.get(FORMAT_KEY) === undefined) await store.batch([formatOp(known)]);
  await makeAddedTables(store, logger);
}

/** What a new store is written with. */
export function formatOp(format = STORE_FORMAT): {
  readonly type: "put";
  readonly key: string;
  readonly value: string;
} {
  return { type: "put", key: FORMAT_KEY, value: String(format) };
}
