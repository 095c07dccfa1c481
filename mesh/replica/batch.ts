import type { Origin } from "../../core/vector.ts";
import { BATCH_ENTRIES_MAX, BATCH_LENGTH_MAX } from "./constants.ts";

/** Where entries are read from, oldest first: `Ledger`. */
export interface EntrySource {
  read(origin: Origin, seq: number, limit: number): Promise<string[]>;
}

/** The entries of an origin from `from` on, up to `to` where that is given. */
export type Want = readonly [origin: Origin, from: number, to?: number];

export interface Batch {
  readonly texts: readonly string[];
  /** Of each text, its origin. */
  readonly origins: readonly Origin[];
  /** The last sequence in the batch of each origin. */
  readonly through: ReadonlyMap<Origin, number>;
}

interface Source {
  readonly origin: Origin;
  readonly from: number;
  readonly rows: readonly string[];
  /** Every wanted row is here. */
  readonly isAll: boolean;
  /** Index of the next row. */
  at: number;
}

/** Times order causes before effects; read without decoding the whole entry. */
function timeOf(text: string): number {
  const at = text.indexOf('"time":');
  return at < 0 ? 0 : Number.parseInt(text.slice(at + 7, at + 27), 10);
}

/**
 * The next entries of several origins, merged by time, so that the receiver finds most causes before
 * their effects. An origin whose rows were all taken ends the batch: its next one may come before
 * what the others still hold.
 */
export async function readBatch(
  source: EntrySource,
  wants: readonly Want[],
  entriesMax = BATCH_ENTRIES_MAX,
): Promise<Batch> {
  const share = Math.max(1, Math.floor(BATCH_ENTRIES_MAX / Math.max(1, wants.length)));
  const sources: Source[] = [];
  for (const [origin, from, to] of wants.slice(0, BATCH_ENTRIES_MAX)) {
    const left = to === undefined ? Number.POSITIVE_INFINITY : to - from + 1;
    const rows = await source.read(origin, from, Math.min(share, left));
    const isAll = rows.length < share || left <= share;
    if (rows.length > 0) sources.push({ origin, from, rows, isAll, at: 0 });
  }
  const texts: string[] = [];
  const origins: Origin[] = [];
  const through = new Map<Origin, number>();
  let length = 0;
  for (;;) {
    const next = earliest(sources);
    const text = next?.rows[next.at];
    if (!next || text === undefined || texts.length >= entriesMax) break;
    if (texts.length > 0 && length + text.length > BATCH_LENGTH_MAX) break;
    texts.push(text);
    origins.push(next.origin);
    length += text.length;
    through.set(next.origin, next.from + next.at);
    next.at++;
    if (next.at === next.rows.length && !next.isAll) break;
  }
  return { texts, origins, through };
}

function earliest(sources: readonly Source[]): Source | undefined {
  let best: Source | undefined;
  let bestTime = Number.POSITIVE_INFINITY;
  for (const source of sources) {
    const text = source.rows[source.at];
    if (text === undefined) continue;
    const time = timeOf(text);
    if (time < bestTime) [best, bestTime] = [source, time];
  }
  return best;
}
