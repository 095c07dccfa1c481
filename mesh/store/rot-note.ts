import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { isObject } from "../../core/json.ts";
import { writeFileDurably } from "./durable-file.ts";

/** Two sentences and three numbers take less than 1 KiB. */
const NOTE_BYTES_MAX = 16 * 1024;

/** What has rotted on the disk of a box. Times are milliseconds since 1970 by its own clock, which may be wrong. */
export interface RotNote {
  /** The name of the store in which it was found: one that was filled anew has another name. */
  readonly store: string;
  /** What was found, for people. */
  readonly what: string;
  readonly foundMs: number;
  /** When the box last began to put a new store in the place of a rotten one. */
  readonly triedMs?: number;
  /** When the box first ran on another store than the rotten one. */
  readonly mendedMs?: number;
}

function notePath(home: string): string {
  return join(home, "rot.json");
}

export async function writeRotNote(home: string, note: RotNote): Promise<void> {
  await writeFileDurably(notePath(home), `${JSON.stringify(note)}\n`);
}

/** The note, or nothing when there is none or it is damaged itself: what is rotten is found again. */
export async function readRotNote(home: string): Promise<RotNote | undefined> {
  try {
    if ((await stat(notePath(home))).size > NOTE_BYTES_MAX) return undefined;
    const value: unknown = JSON.parse(await readFile(notePath(home), "utf8"));
    return isNote(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isNote(value: unknown): value is RotNote {
  if (!isObject(value)) return false;
  const { store, what, foundMs, triedMs, mendedMs } = value;
  const isTime = (time: unknown): boolean => time === undefined || typeof time === "number";
  const isFinding = typeof store === "string" && typeof what === "string";
  return isFinding && typeof foundMs === "number" && isTime(triedMs) && isTime(mendedMs);
}
