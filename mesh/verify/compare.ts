import type { Timers } from "../../core/ports.ts";
import { includes } from "../../core/vector.ts";
import type { ComparedBox, Opened } from "./compared-box.ts";
import { OPEN_ATTEMPTS, OPEN_PAUSE_MS } from "./constants.ts";
import { differingKeys } from "./differing-keys.ts";
import type { DifferingKeys, Held } from "./differing-keys.ts";
import { findForks } from "./forks.ts";
import type { Fork } from "./forks.ts";
import { lookAgain } from "./look-again.ts";
import type { Difference, NamedRow } from "./look-again.ts";
import { namedBox } from "./named-box.ts";

/** What comparing boxes found. */
export interface Comparison {
  /** Did all have the same entries when they were read? Otherwise what differed was looked at again. */
  readonly sameMoment: boolean;
  /** Rows compared, of the first box. */
  readonly rows: number;
  /** Rows that surely differ: with the same entries, boxes must have the same rows. */
  readonly differences: readonly Difference[];
  /** More rows differed at first than were looked at again. */
  readonly isMore: boolean;
  /** Rows that every box went on writing, and that were never seen equal. */
  readonly beingWritten: readonly NamedRow[];
  /** Rows that were never seen equal, of which it is not known why. */
  readonly undecided: number;
  readonly forks: readonly Fork[];
  /** Sections that some box knows nothing of: it runs another version of the software. */
  readonly skipped: readonly string[];
}

type OpenBox = Held & Opened;

/**
 * Compares boxes with the first of them, without stopping anybody's writing. What a snapshot shows to
 * differ is looked at again: what was only on its way agrees soon, what then still differs does so with
 * the same entries on both sides. Throws `CompareError`.
 */
export async function compareBoxes(
  first: ComparedBox,
  others: readonly ComparedBox[],
  timers: Timers,
): Promise<Comparison> {
  const boxes = [first, ...others].map(namedBox);
  const open = await openTogether(boxes, timers);
  const { keys, ...found } = await readAll(open);
  const forks = await findForks(boxes);
  const looked = await lookAgain(boxes, keys, timers);
  return { ...found, ...looked, sameMoment: isSameMoment(open), forks };
}

async function readAll(open: readonly OpenBox[]): Promise<DifferingKeys> {
  try {
    const [first, ...others] = open;
    if (!first) return { rows: 0, keys: [], isMore: false, skipped: [] };
    return await differingKeys(first, others);
  } finally {
    await closeAll(open);
  }
}

/** Snapshots of the same entries if that can be had: boxes that are written to differ at most moments. */
async function openTogether(boxes: readonly ComparedBox[], timers: Timers): Promise<OpenBox[]> {
  for (let attempt = 1; ; attempt++) {
    const open = await openAll(boxes);
    if (isSameMoment(open) || attempt >= OPEN_ATTEMPTS) return open;
    await closeAll(open);
    await new Promise<void>((resolve) => void timers.after(OPEN_PAUSE_MS, resolve));
  }
}

async function openAll(boxes: readonly ComparedBox[]): Promise<OpenBox[]> {
  const open: OpenBox[] = [];
  const results = await Promise.allSettled(
    boxes.map(async (box) => void open.push({ box, ...(await box.open()) })),
  );
  for (const result of results) {
    if (result.status === "fulfilled") continue;
    await closeAll(open);
    throw result.reason;
  }
  return boxes.flatMap((box) => open.filter((held) => held.box === box));
}

/** A box that does not answer lets its snapshot go by itself. */
async function closeAll(open: readonly OpenBox[]): Promise<void> {
  await Promise.allSettled(open.map(({ box, session }) => box.close(session)));
}

function isSameMoment(open: readonly Opened[]): boolean {
  return open.every(({ vector }) => open.every((other) => includes(vector, other.vector)));
}
