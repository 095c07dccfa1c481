import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { isObject } from "../../core/json.ts";
import { parseVector } from "../../core/vector.ts";
import type { Origin, Vector } from "../../core/vector.ts";
import { readPosition, readVector } from "../journal/positions.ts";
import { writeFileDurably } from "./durable-file.ts";
import { STORE_ID_KEY, TABLES_KEY } from "./mesh-keys.ts";
import type { Store } from "./store.ts";

/** A vector of 200 entries and their hashes take 16 KiB. */
const MARK_BYTES_MAX = 64 * 1024;

/**
 * What the store is known to have held, kept in a second place: LevelDB opens cleanly with a hole in
 * its log, or with an empty one.
 */
export interface Mark {
  /** The store's own name. */
  readonly store: string;
  readonly vector: Vector;
  /** Of each origin in the vector, the hash of its entry there. */
  readonly hashes: Readonly<Record<Origin, string>>;
  /**
   * What the store says of added tables. A version that knows nothing of them writes its marks without,
   * one as soon as it opens a store: so it is seen that it had the store.
   */
  readonly tables?: string;
}

export function markPath(home: string): string {
  return join(home, "mark.json");
}

/** The mark that a store deserves now. Write it from time to time: later damage is found back to there. */
export function markOf(store: Store): Mark {
  const vector = readVector(store);
  const hashes: Record<Origin, string> = {};
  for (const origin of Object.keys(vector) as Origin[]) {
    const place = readPosition(store, origin);
    if (place !== undefined && place.seq === vector[origin]) hashes[origin] = place.hash;
  }
  const tables = store.get(TABLES_KEY);
  const name = store.get(STORE_ID_KEY) ?? "";
  return { store: name, vector, hashes, ...(tables === undefined ? {} : { tables }) };
}

export async function writeMark(home: string, mark: Mark): Promise<void> {
  await writeFileDurably(markPath(home), `${JSON.stringify(mark)}\n`);
}

/** The mark, or nothing when there is none or it is damaged itself: it is only a second opinion. */
export async function readMark(home: string): Promise<Mark | undefined> {
  try {
    if ((await stat(markPath(home))).size > MARK_BYTES_MAX) return undefined;
    return parseMark(JSON.parse(await readFile(markPath(home), "utf8")));
  } catch {
    return undefined;
  }
}

function parseMark(value: unknown): Mark | undefined {
  if (!isObject(value)) return undefined;
  const { store, vector, hashes, tables } = value;
  const parsed = parseVector(vector);
  if (typeof store !== "string" || parsed === undefined || !isObject(hashes)) return undefined;
  if (!Object.values(hashes).every((hash) => typeof hash === "string")) return undefined;
  return {
    store,
    vector: parsed,
    hashes: hashes as Record<Origin, string>,
    ...(typeof tables === "string" ? { tables } : {}),
  };
}
