import type { BoxId } from "../../core/ids.ts";
import type { Timers } from "../../core/ports.ts";
import type { Key } from "../../core/table.ts";
import { EMPTY_VECTOR, includes, merge } from "../../core/vector.ts";
import type { ComparedBox, Look } from "./compared-box.ts";
import { LOOK_KEYS_MAX, LOOK_PAUSE_MS, LOOKS_MAX } from "./constants.ts";
import { partsOfKey, sectionOfKey } from "./sections.ts";

/** A row that is not the same everywhere. */
export interface Difference {
  readonly section: string;
  /** What rows of this kind are, in plain words. */
  readonly about: string;
  readonly key: Key;
  /** Of each box the hash of its row, `null` where it has none. */
  readonly found: readonly (readonly [box: BoxId, hash: string | null])[];
}

export interface Looked {
  readonly differences: readonly Difference[];
  readonly undecided: number;
}

/**
 * Looks at rows again until each agrees or surely differs. It does when it differs on boxes that have
 * the same entries; or, since people go on writing, when on every box it is what it was at the look
 * before, though everything that any box had then has reached all.
 */
export async function lookAgain(
  boxes: readonly ComparedBox[],
  keys: readonly string[],
  timers: Timers,
): Promise<Looked> {
  let open = keys.slice(0, LOOK_KEYS_MAX);
  const differences: Difference[] = [];
  let before: readonly Look[] | undefined;
  for (let look = 0; open.length > 0 && look < LOOKS_MAX; look++) {
    if (look > 0) {
      await new Promise<void>((resolve) => void timers.after(LOOK_PAUSE_MS, resolve));
    }
    const wanted = open;
    const now = await Promise.all(boxes.map((box) => box.look(wanted)));
    const isSure = areTogether(now)
      ? () => true
      : haveArrived(before, now)
        ? (key: string) => isUnchanged(before, now, key)
        : () => false;
    open = [];
    for (const key of wanted) {
      if (new Set(now.map(({ hashes }) => hashes.get(key) ?? null)).size === 1) continue;
      if (isSure(key)) differences.push(differenceAt(boxes, now, key));
      else open.push(key);
    }
    before = now;
  }
  return { differences, undecided: open.length };
}

function areTogether(looks: readonly Look[]): boolean {
  return looks.every(({ vector }) => looks.every((other) => includes(vector, other.vector)));
}

/** Has everything that any box had at the look before reached all of them? */
function haveArrived(before: readonly Look[] | undefined, now: readonly Look[]): boolean {
  if (!before) return false;
  const all = before.map(({ vector }) => vector).reduce(merge, EMPTY_VECTOR);
  return now.every(({ vector }) => includes(vector, all));
}

function isUnchanged(
  before: readonly Look[] | undefined,
  now: readonly Look[],
  key: string,
): boolean {
  return now.every(({ hashes }, i) => hashes.get(key) === before?.[i]?.hashes.get(key));
}

function differenceAt(
  boxes: readonly ComparedBox[],
  looks: readonly Look[],
  key: string,
): Difference {
  const section = sectionOfKey(key);
  return {
    section: section?.name ?? "",
    about: section?.about ?? "",
    key: section ? partsOfKey(section, key) : [key],
    found: boxes.map(({ box }, i) => [box, looks[i]?.hashes.get(key) ?? null]),
  };
}
