import { covers, includes } from "../../core/vector.ts";
import type { Origin, Vector } from "../../core/vector.ts";
import { loadPlaces, loadPositions, readClock, readVector } from "../journal/positions.ts";
import { readBatch } from "../replica/batch.ts";
import type { EntrySource } from "../replica/batch.ts";
import { checkJournal } from "../store/check-journal.ts";
import { corruptionIn } from "../store/disk-trouble.ts";
import {
  CLOCK_KEY,
  FLOOR_PREFIX,
  LEFT_PREFIX,
  OWN_PREFIXES,
  journalRange,
  leftKey,
  rowsUnder,
} from "../store/mesh-keys.ts";
import type { Store, StoreOp } from "../store/store.ts";
import { CARRY_ROWS } from "./constants.ts";
import { SnapshotError } from "./snapshot-error.ts";

/**
 * Is a filled store one that the box can live on: its journal whole, and everything in it that `must`
 * names? What members derived from transactions is taken on trust. Throws `SnapshotError`.
 */
export async function checkCopy(copy: Store, must: Vector): Promise<void> {
  const damage = await checkJournal(copy);
  if (damage !== undefined) throw new SnapshotError(`the copy is damaged: ${damage}`);
  if (!includes(readVector(copy), must)) {
    throw new SnapshotError("the copy lacks something that is here");
  }
}

/**
 * Gives the copy what is the box's own: its promises, its time, and the entries that came after the
 * copy was begun, to be applied when the box starts on it. False when promises of a rotten store cannot
 * be read: a copy without some of them is better than none.
 */
export async function carryOver(from: Store, to: Store, isRotten = false): Promise<boolean> {
  let isWhole = true;
  for (const prefix of OWN_PREFIXES) {
    isWhole = (await carryRows(from, to, prefix, isRotten)) && isWhole;
  }
  const clock = Math.max(readClock(from) ?? 0, readClock(to) ?? 0);
  await to.batch([{ type: "put", key: CLOCK_KEY, value: String(clock) }]);
  let wants = await missing(from, to);
  let number = await countOf(to);
  while (wants.length > 0) {
    const { texts, through } = await readBatch(sourceOf(from), wants);
    if (texts.length === 0) throw new SnapshotError("the journal here cannot be read");
    await to.batch(texts.map((value): StoreOp => ({ type: "put", key: leftKey(++number), value })));
    wants = wants.flatMap(([origin, first, last]): [Origin, number, number][] => {
      const next = (through.get(origin) ?? first - 1) + 1;
      return next > last ? [] : [[origin, next, last]];
    });
  }
  return isWhole;
}

/** False when the rest cannot be read, and need not be. */
async function carryRows(
  from: Store,
  to: Store,
  prefix: string,
  isRotten: boolean,
): Promise<boolean> {
  let after: string | undefined;
  for (;;) {
    const { gte, lt } = rowsUnder(prefix);
    const bounds = after === undefined ? { gte, lt } : { gt: after, lt };
    let rows;
    try {
      rows = await from.range({ ...bounds, limit: CARRY_ROWS });
    } catch (error) {
      if (isRotten && corruptionIn(error) !== undefined) return false;
      throw error;
    }
    if (rows.length > 0) {
      await to.batch(rows.map(([key, value]): StoreOp => ({ type: "put", key, value })));
    }
    after = rows.at(-1)?.[0];
    if (rows.length < CARRY_ROWS) return true;
  }
}

/** The entries of `from` whose effects are not in `to`. */
async function missing(from: Store, to: Store): Promise<[Origin, number, number][]> {
  const floors = await loadPlaces(from, FLOOR_PREFIX);
  const there = await loadPositions(to);
  const vector = readVector(to);
  const wants: [Origin, number, number][] = [];
  for (const [origin, { onDisk }] of await loadPositions(from)) {
    if (covers(vector, { origin, seq: onDisk.seq })) continue;
    const has = there.get(origin)?.onDisk.seq ?? 0;
    if (has < (floors.get(origin)?.seq ?? 0)) {
      throw new SnapshotError("the copy lacks something that is here");
    }
    wants.push([origin, has + 1, onDisk.seq]);
  }
  return wants;
}

async function countOf(store: Store): Promise<number> {
  const [last] = await store.range({ ...rowsUnder(LEFT_PREFIX), reverse: true, limit: 1 });
  return last ? Number.parseInt(last[0].slice(LEFT_PREFIX.length), 16) : 0;
}

function sourceOf(store: Store): EntrySource {
  return {
    read: async (origin, seq, limit) => {
      const rows = await store.range({ ...journalRange(origin, seq), limit });
      return rows.map(([, text]) => text);
    },
  };
}
