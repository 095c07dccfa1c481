import { schedulerOf } from "../../core/delayed/delayed-index.ts";
import { isObject, parseJson } from "../../core/json.ts";
import type { Logger } from "../../core/ports.ts";
import type { Key, Table } from "../../core/table.ts";
import { delayedEvents, puts } from "../../core/tables.ts";
import type { Mark } from "./mark.ts";
import { encodeKey, rangeOf } from "./keys.ts";
import { TABLES_KEY } from "./mesh-keys.ts";
import type { Store, StoreOp, StoreRange } from "./store.ts";

/** Rows that are read and written at once: 100 kB of typical ones, 30 MB of the largest. */
const ROWS_AT_ONCE = 500;

/**
 * A table that came after the first release and follows from other tables. A version that does not
 * know it leaves its rows alone, and so may have the store in between.
 */
export interface AddedTable {
  readonly table: Table<Key, unknown>;
  /** The table that it follows from, and the part of it. */
  readonly from: Pick<StoreRange, "gte" | "lt">;
  /** The rows that follow from one. */
  readonly derive: (key: string, value: string) => readonly StoreOp[];
}

const DELAYED = rangeOf(puts, { prefix: ["delayed"], limit: ROWS_AT_ONCE });
const LISTED: Table<Key, unknown> = delayedEvents;

/** In the order in which they came. */
const ADDED_TABLES: readonly AddedTable[] = [
  {
    table: LISTED,
    from: DELAYED,
    derive: (key, value) => {
      const entry = parseJson(value);
      const user = schedulerOf(isObject(entry) ? entry["value"] : undefined);
      if (user === undefined) return [];
      // The rest of the key as it lies there: a damaged one must not keep the box from starting.
      const id = key.slice(DELAYED.gte?.length);
      return [{ type: "put", key: encodeKey(LISTED, [user]) + id, value: "true" }];
    },
  },
];

/** What a new store is written with: its tables are empty, and whole. */
export function tablesOp(count = ADDED_TABLES.length): StoreOp {
  return { type: "put", key: TABLES_KEY, value: String(count) };
}

/**
 * Where a version had the store that knows nothing of added tables, it left them behind what it wrote.
 * It also wrote the mark, without them: then they are made anew. So are they where the mark is lost.
 */
export async function distrustTables(store: Store, mark: Mark | undefined): Promise<void> {
  const kept = store.get(TABLES_KEY);
  if (kept !== undefined && kept !== mark?.tables) {
    await store.batch([{ type: "del", key: TABLES_KEY }]);
  }
}

/** Makes the added tables that the store does not keep. Run again after a power cut, it begins anew. */
export async function makeAddedTables(
  store: Store,
  logger: Logger,
  added: readonly AddedTable[] = ADDED_TABLES,
): Promise<void> {
  const kept = Number(store.get(TABLES_KEY) ?? 0);
  for (const { table, from, derive } of added.slice(kept)) {
    logger.info({ table: table.about }, "making a table that this version keeps besides");
    const rows = rangeOf(table, { prefix: [], limit: ROWS_AT_ONCE });
    await rewrite(store, rows, (key) => [{ type: "del", key }]);
    await rewrite(store, from, derive);
  }
  if (kept !== added.length) await store.batch([tablesOp(added.length)]);
}

/** Writes what follows from each row of a range, some at a time. */
async function rewrite(
  store: Store,
  { gte = "", lt = "" }: Pick<StoreRange, "gte" | "lt">,
  opsOf: (key: string, value: string) => readonly StoreOp[],
): Promise<void> {
  let after: string | undefined;
  for (;;) {
    const start = after === undefined ? { gte } : { gt: after };
    const rows = await store.range({ ...start, lt, limit: ROWS_AT_ONCE });
    const ops = rows.flatMap(([key, value]) => opsOf(key, value));
    if (ops.length > 0) await store.batch(ops);
    after = rows.at(-1)?.[0];
    if (rows.length < ROWS_AT_ONCE) return;
  }
}
