import type { Transaction } from "../../core/transaction/records.ts";
import { defuse } from "../scrub/defuse.ts";
import { BadEntryError, hashOfEntry, parseEntry } from "../journal/entry.ts";
import type { Entry } from "../journal/entry.ts";
import { readPosition } from "../journal/positions.ts";
import { dataBytesIn, looksWhole } from "./level-files.ts";
import { openLevelStore, repairLevelStore } from "./level-store.ts";
import type { LevelStore } from "./level-store.ts";
import { FLOOR_PREFIX, JOURNAL_ROWS, journalKey, rowsUnder } from "./mesh-keys.ts";

/** Rows read at once: 100 kB of typical entries, a bearable 200 MB of the largest. */
const SALVAGE_ROWS = 100;

/**
 * The journal entries that can still be read of a store that was set aside, by origin, in order, with
 * gaps. Only entries that the hash of a later entry, or of their origin's place, vouches for: a flipped
 * bit would make a history that no other box has. Changes the folder: what LevelDB cannot open is
 * repaired.
 */
export async function* salvage(path: string): AsyncGenerator<Entry> {
  await defuse(path);
  let after = JOURNAL_ROWS.gte;
  let held: Entry | undefined;
  for (const repairFirst of [false, true]) {
    const store = await reopen(path, repairFirst);
    if (store === undefined) continue;
    try {
      for (;;) {
        const rows = await read(store, after);
        if (rows === undefined) break;
        for (const [key, text] of rows) {
          after = key;
          const entry = readable(key, text);
          if (held && isVouched(store, held, entry?.transaction)) yield held;
          held = entry;
        }
        if (rows.length < SALVAGE_ROWS) {
          if (held && isVouched(store, held, undefined)) yield held;
          return;
        }
      }
    } finally {
      await store.close();
    }
  }
}

/**
 * Is there anything in stores that were set aside? For one that was gone there is an empty folder. One
 * that the disk does not read may have something.
 */
export async function hasRemains(paths: readonly string[]): Promise<boolean> {
  const sizes = await Promise.all(paths.map((path) => dataBytesIn(path)));
  return sizes.some((bytes) => bytes > 0);
}

/** Was anything dropped from the journal of a store that was set aside? Call it after `salvage`. */
export async function isCut(path: string): Promise<boolean> {
  const store = await reopen(path, false);
  if (store === undefined) return false;
  try {
    return (await store.range({ ...rowsUnder(FLOOR_PREFIX), limit: 1 })).length > 0;
  } finally {
    await store.close();
  }
}

async function reopen(path: string, repairFirst: boolean): Promise<LevelStore | undefined> {
  try {
    if (repairFirst) await repairLevelStore(path);
    // LevelDB would start anew in a folder without its head files, and delete the others.
    else if (!(await looksWhole(path))) return undefined;
    return await openLevelStore(path);
  } catch {
    return undefined;
  }
}

async function read(store: LevelStore, after: string): Promise<[string, string][] | undefined> {
  try {
    return await store.range({ gt: after, lt: JOURNAL_ROWS.lt, limit: SALVAGE_ROWS });
  } catch {
    return undefined;
  }
}

function readable(key: string, text: string): Entry | undefined {
  try {
    const entry = parseEntry(text);
    const { origin, seq } = entry.transaction;
    return journalKey(origin, seq) === key ? entry : undefined;
  } catch (error) {
    if (error instanceof BadEntryError) return undefined;
    throw error;
  }
}

function isVouched(store: LevelStore, entry: Entry, next: Transaction | undefined): boolean {
  const { origin, seq } = entry.transaction;
  const hash = hashOfEntry(entry.text);
  if (next?.origin === origin && next.seq === seq + 1 && next.prev === hash) return true;
  try {
    const place = readPosition(store, origin);
    return place?.seq === seq && place.hash === hash;
  } catch {
    return false;
  }
}
