import type { BoxId } from "../../core/ids.ts";
import type { Timers } from "../../core/ports.ts";
import type { Key } from "../../core/table.ts";
import { EMPTY_VECTOR, includes, merge } from "../../core/vector.ts";
import type { ComparedBox, Look } from "./compared-box.ts";
import { LOOK_PAUSE_MS, LOOKS_MAX } from "./constants.ts";
import { partsOfKey, sectionOfKey } from "./sections.ts";

/** Which row of all. */
export interface NamedRow {
  readonly section: string;
  /** What rows of this kind are, in plain words. */
  readonly about: string;
  readonly key: Key;
}

/** A row that is not the same everywhere. */
export interface Difference extends NamedRow {
  /** Of each box the hash of its row, `null` where it has none. */
  readonly found: readonly (readonly [box: BoxId, hash: string | null])[];
}

export interface Looked {
  readonly differences: readonly Difference[];
  /** Rows that every box went on writing, and that were never seen equal. */
  readonly beingWritten: readonly NamedRow[];
  readonly undecided: number;
}

/** What each box answered to one question; undefined before it was asked. */
type Looks = readonly Look[] | undefined;

/**
 * Looks at rows again until each agrees or surely differs. It does when it differs on boxes that have
 * the same entries; or, since people go on writing, when on every box it is what it was at the look
 * before, though everything that any box had then has reached all. The row of a room in which all
 * people write at once is neither: it is told as being written if, since the first look, every box
 * wrote it anew and got all that any box had then. A row that stands still on one box may never be.
 */
export async function lookAgain(
  boxes: readonly ComparedBox[],
  keys: readonly string[],
  timers: Timers,
): Promise<Looked> {
  let open = keys;
  const differences: Difference[] = [];
  let first: Looks;
  let before: Looks;
  for (let look = 0; open.length > 0 && look < LOOKS_MAX; look++) {
    if (look > 0) {
      await new Promise<void>((resolve) => void timers.after(LOOK_PAUSE_MS, resolve));
    }
    const wanted = open;
    const still: string[] = [];
    const now = await Promise.all(boxes.map((box) => box.look(wanted)));
    const isSure = areTogether(now)
      ? () => true
      : haveArrived(before, now)
        ? (key: string) => isUnchanged(before, now, key)
        : () => false;
    for (const key of wanted) {
      if (new Set(now.map(({ hashes }) => hashes.get(key) ?? null)).size === 1) continue;
      if (isSure(key)) differences.push(differenceAt(boxes, now, key));
      else still.push(key);
    }
    open = still;
    first ??= now;
    before = now;
  }
  const written = haveArrived(first, before)
    ? open.filter((key) => isRewritten(first, before, key))
    : [];
  return {
    differences,
    beingWritten: written.map(rowAt),
    undecided: open.length - written.length,
  };
}

function areTogether(looks: readonly Look[]): boolean {
  return looks.every(({ vector }) => looks.every((other) => includes(vector, other.vector)));
}

/** Has everything that any box had at the look before reached all of them? */
function haveArrived(before: Looks, now: Looks): boolean {
  if (!before || !now) return false;
  const all = before.map(({ vector }) => vector).reduce(merge, EMPTY_VECTOR);
  return now.every(({ vector }) => includes(vector, all));
}

function isUnchanged(before: Looks, now: readonly Look[], key: string): boolean {
  return now.every(({ hashes }, i) => hashes.get(key) === before?.[i]?.hashes.get(key));
}

function isRewritten(before: Looks, now: Looks, key: string): boolean {
  return now?.every(({ hashes }, i) => hashes.get(key) !== before?.[i]?.hashes.get(key)) ?? false;
}

function differenceAt(
  boxes: readonly ComparedBox[],
  looks: readonly Look[],
  key: string,
): Difference {
  return {
    ...rowAt(key),
    found: boxes.map(({ box }, i) => [box, looks[i]?.hashes.get(key) ?? null]),
  };
}

function rowAt(key: string): NamedRow {
  const section = sectionOfKey(key);
  return {
    section: section?.name ?? "",
    about: section?.about ?? "",
    key: section ? partsOfKey(section, key) : [key],
  };
}
