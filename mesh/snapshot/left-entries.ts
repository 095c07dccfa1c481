import type { Dot } from "../../core/vector.ts";
import { BadEntryError, parseEntry } from "../journal/entry.ts";
import { LEFT_PREFIX, rowsUnder } from "../store/mesh-keys.ts";
import type { StateStore } from "../store/overlay.ts";
import type { Store } from "../store/store.ts";
import { CARRY_ROWS } from "./constants.ts";

export interface LeftDeps {
  readonly store: Store;
  readonly state: StateStore;
  /** Applies what can be applied; resolves when that is on disk. */
  readonly take: (texts: readonly string[]) => Promise<void>;
  readonly has: (dot: Dot) => boolean;
}

/**
 * Applies the entries that were carried over into a copied store, before the box's new life. What
 * cannot be applied now stays for the next start. Resolves with how many were applied.
 */
export async function takeLeftEntries({ store, state, take, has }: LeftDeps): Promise<number> {
  let taken = 0;
  let after: string | undefined;
  for (;;) {
    const { gte, lt } = rowsUnder(LEFT_PREFIX);
    const bounds = after === undefined ? { gte, lt } : { gt: after, lt };
    const rows = await store.range({ ...bounds, limit: CARRY_ROWS });
    if (rows.length === 0) return taken;
    await take(rows.map(([, text]) => text));
    const done = rows.filter(([, text]) => isDone(text, has));
    const stage = state.begin();
    for (const [key] of done) stage.raw(key, undefined);
    await state.commit(stage);
    taken += done.length;
    after = rows.at(-1)?.[0];
  }
}

function isDone(text: string, has: LeftDeps["has"]): boolean {
  try {
    return has(parseEntry(text).transaction);
  } catch (error) {
    // It would be none at the next start either.
    if (error instanceof BadEntryError) return true;
    throw error;
  }
}
