import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { compareBytes } from "../store/byte-order.ts";
import type { StoreSnapshot } from "../store/store.ts";
import { BUCKET_ROWS } from "./constants.ts";
import { pagesOf } from "./sections.ts";
import type { KeyRange, Row, Section } from "./sections.ts";

/** Some rows in a row, under one hash. `last` is the key of the last one, absent at the end of the section. */
export interface Bucket {
  readonly last?: string;
  readonly rows: number;
  readonly hash: string;
}

/** Base64url characters of a hash that are sent: 128 bits, against chance and not against enemies. */
const HASH_LENGTH = 22;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * The buckets of a section. A bucket ends where the hash of a key says so, on every box alike: one row
 * too many changes one bucket, and not all behind it.
 */
export async function* bucketsOf(
  snapshot: StoreSnapshot,
  section: Section,
): AsyncGenerator<Bucket> {
  let hash = createHash("sha256");
  let rows = 0;
  for await (const page of pagesOf(snapshot, section)) {
    for (const row of page) {
      addRow(hash, row);
      rows++;
      if (!endsBucket(row[0])) continue;
      yield { last: row[0], rows, hash: textOf(hash) };
      hash = createHash("sha256");
      rows = 0;
    }
  }
  if (rows > 0) yield { rows, hash: textOf(hash) };
}

/** Each row with the hash of its value, whatever order the members of the value were written in. */
export async function* rowHashesOf(
  snapshot: StoreSnapshot,
  section: Section,
  range: KeyRange,
): AsyncGenerator<readonly (readonly [key: string, hash: string])[]> {
  for await (const page of pagesOf(snapshot, section, range)) {
    yield page.map(([key, text]) => [key, valueHash(text)]);
  }
}

/** One hash of many. */
export class Sum {
  readonly #hash = createHash("sha256");

  add(hash: string): void {
    this.#hash.update(hash);
  }

  text(): string {
    return textOf(this.#hash);
  }
}

export function valueHash(text: string): string {
  return textOf(createHash("sha256").update(canonical(text)));
}

/** Where the rows of two boxes differ, from their buckets; what lies together is one range. */
export function differingRanges(a: readonly Bucket[], b: readonly Bucket[]): KeyRange[] {
  const ranges: KeyRange[] = [];
  let after: string | undefined;
  let aligned = true;
  const add = (through: string | undefined): void => {
    const before = ranges.at(-1);
    const joins = before !== undefined && before.through === after;
    const from = joins ? before.after : after;
    if (joins) ranges.pop();
    ranges.push({
      ...(from === undefined ? {} : { after: from }),
      ...(through === undefined ? {} : { through }),
    });
  };
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [x, y] = [a[i], b[j]];
    const order = compareEnds(x, y);
    if (x && y && order === 0) {
      if (!aligned || x.hash !== y.hash) add(x.last);
      after = x.last;
      aligned = true;
      i++;
      j++;
    } else {
      aligned = false;
      if (y === undefined || order < 0) i++;
      else j++;
    }
  }
  if (!aligned) add(undefined);
  return ranges;
}

/** The end of a section is after all keys; where a list is over, after that. */
function compareEnds(a: Bucket | undefined, b: Bucket | undefined): number {
  if (a?.last !== undefined && b?.last !== undefined) return compareBytes(a.last, b.last);
  const rank = (bucket: Bucket | undefined): number =>
    bucket === undefined ? 2 : bucket.last === undefined ? 1 : 0;
  return rank(a) - rank(b);
}

function addRow(hash: Hash, [key, text]: Row): void {
  hash.update(`${key.length}:${text.length}:${key}${text}`);
}

function endsBucket(key: string): boolean {
  let hash = FNV_OFFSET;
  for (let i = 0; i < key.length; i++) {
    hash = Math.imul(hash ^ key.charCodeAt(i), FNV_PRIME);
  }
  // The low bits of this hash follow the last characters alone.
  return (hash >>> 16) % BUCKET_ROWS === 0;
}

function textOf(hash: Hash): string {
  return hash.digest("base64url").slice(0, HASH_LENGTH);
}

/** The text with members in order: which of two equal changes wrote a row first does not matter. */
function canonical(text: string): string {
  if (!text.startsWith("{") && !text.startsWith("[")) return text;
  try {
    return JSON.stringify(sorted(JSON.parse(text)));
  } catch {
    return `damaged ${text}`;
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, item]) => [key, sorted(item)]));
}
