import type { Origin } from "../../core/vector.ts";
import type { Ledger } from "../journal/ledger.ts";
import { BATCH_ENTRIES_MAX, BATCH_LENGTH_MAX } from "./constants.ts";

export interface Batch {
  readonly texts: readonly string[];
  /** The last sequence in the batch of each origin. */
  readonly through: ReadonlyMap<Origin, number>;
}

interface Source {
  readonly origin: Origin;
  readonly rows: readonly string[];
  /** Index of the next row. */
  at: number;
}

/** Times order causes before effects; read without decoding the whole entry. */
function timeOf(text: string): number {
  const at = text.indexOf('"time":');
  return at < 0 ? 0 : Number.parseInt(text.slice(at + 7, at + 27), 10);
}

function seqOf(text: string): number {
  const at = text.indexOf('"seq":');
  return at < 0 ? 0 : Number.parseInt(text.slice(at + 6, at + 20), 10);
}

/**
 * The next entries of several origins, merged by time, so that the receiver finds most causes before
 * their effects. An origin whose rows were all taken ends the batch: its next one may come before
 * what the others still hold.
 */
export async function readBatch(
  ledger: Ledger,
  wants: readonly (readonly [origin: Origin, from: number])[],
): Promise<Batch> {
  const share = Math.max(1, Math.floor(BATCH_ENTRIES_MAX / Math.max(1, wants.length)));
  const sources: Source[] = [];
  for (const [origin, from] of wants.slice(0, BATCH_ENTRIES_MAX)) {
    const rows = await ledger.read(origin, from, share);
    if (rows.length > 0) sources.push({ origin, rows, at: 0 });
  }
  const texts: string[] = [];
  const through = new Map<Origin, number>();
  let length = 0;
  for (;;) {
    const next = earliest(sources);
    const text = next?.rows[next.at];
    if (!next || text === undefined) break;
    if (texts.length > 0 && length + text.length > BATCH_LENGTH_MAX) break;
    texts.push(text);
    length += text.length;
    through.set(next.origin, seqOf(text));
    next.at++;
    if (next.at === next.rows.length && next.rows.length === share) break;
  }
  return { texts, through };
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
