import { parseJson } from "../../core/json.ts";
import type { Key, Table } from "../../core/table.ts";
import { fields, unknownRecords } from "../../core/tables.ts";
import { decodeKey, rangeOf } from "./keys.ts";
import { HEARD_PREFIX, LEFT_PREFIX, TABLES_KEY, rowsUnder } from "./mesh-keys.ts";
import type { Store, StoreRange } from "./store.ts";

/** Rows read at once: 100 kB of typical ones. */
const ROWS_AT_ONCE = 200;

/** Of the tables, what every start reads: who belongs to the mesh, and what waits for this version. */
const TABLE_PARTS: readonly (readonly [Table<Key, unknown>, prefix: Key])[] = [
  [fields, ["mesh", "boxes"]],
  [fields, ["mesh", "removed_boxes"]],
  [unknownRecords, []],
];

/**
 * Can be read what a start reads besides the journal? Where it cannot, the start would fail, and so would
 * each one after it. Returns what is wrong, for people, or nothing.
 */
export async function checkStart(store: Store): Promise<string | undefined> {
  try {
    store.get(TABLES_KEY);
    for (const prefix of [HEARD_PREFIX, LEFT_PREFIX]) {
      for await (const _ of rowsOf(store, rowsUnder(prefix)));
    }
    for (const [table, prefix] of TABLE_PARTS) {
      const range = rangeOf(table, { prefix, limit: ROWS_AT_ONCE });
      for await (const [key, text] of rowsOf(store, range)) {
        decodeKey(table, key);
        if (parseJson(text) === undefined) return `one of the ${table.about} is damaged`;
      }
    }
    return undefined;
  } catch (error) {
    const cause = error instanceof Error && error.cause;
    return `the store cannot be read: ${String(cause instanceof Error ? cause : error)}`;
  }
}

async function* rowsOf(
  store: Store,
  { gte = "", lt = "" }: Pick<StoreRange, "gte" | "lt">,
): AsyncGenerator<[key: string, text: string]> {
  let after: string | undefined;
  for (;;) {
    const start = after === undefined ? { gte } : { gt: after };
    const rows = await store.range({ ...start, lt, limit: ROWS_AT_ONCE });
    yield* rows;
    after = rows.at(-1)?.[0];
    if (rows.length < ROWS_AT_ONCE) return;
  }
}
