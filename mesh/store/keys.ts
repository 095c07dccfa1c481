import type { Range } from "../../core/ports.ts";
import type { Key, KeyPart, Table } from "../../core/table.ts";
import type { StoreRange } from "./store.ts";

/**
 * How keys of core's tables lie in the store, so that the order of the bytes is the order of the parts:
 *
 *     t/ <table name> NUL part part …
 *     text part:    the text, U+0000 as 01 01 and U+0001 as 01 02, then NUL
 *     number part:  01 03, then 14 hex digits
 *
 * NUL ends a part and is in none, so no part runs into the next; 01 03 is in no text, so a number is
 * told from a text without a schema.
 */
const TABLES = "t/";
const END = "\0";
const ESCAPE = "\x01";
const ESCAPED_END = "\x01\x01";
const ESCAPED_ESCAPE = "\x01\x02";
const NUMBER = "\x01\x03";
/** Hex digits of the largest safe integer. */
const NUMBER_DIGITS = 14;

/** Everything that begins with one of these is a row of a table. */
export const TABLE_ROWS: Pick<StoreRange, "gte" | "lt"> = { gte: TABLES, lt: successor(TABLES) };

/** One text part of a key, for the mesh's own keys too: ordered, and running into nothing. */
export function encodeText(text: string): string {
  // A lone surrogate has no UTF-8: what memory calls the key must be what the disk calls it.
  const safe = text.isWellFormed() ? text : text.toWellFormed();
  if (!safe.includes(END) && !safe.includes(ESCAPE)) return safe + END;
  return safe.replaceAll(ESCAPE, ESCAPED_ESCAPE).replaceAll(END, ESCAPED_END) + END;
}

function encodePart(part: KeyPart): string {
  if (typeof part === "string") return encodeText(part);
  if (!Number.isSafeInteger(part) || part < 0) {
    throw new RangeError(`a key part must be text or a non-negative safe integer, not ${part}`);
  }
  return NUMBER + part.toString(16).padStart(NUMBER_DIGITS, "0");
}

function encodeParts(table: string, ...groups: readonly (readonly KeyPart[])[]): string {
  let out = TABLES + table + END;
  for (const parts of groups) {
    for (const part of parts) out += encodePart(part);
  }
  return out;
}

export function encodeKey<K extends Key, V>(table: Table<K, V>, key: K): string {
  let out = TABLES + table.name + END;
  for (const part of key) out += encodePart(part);
  return out;
}

function decodeText(text: string): string {
  if (!text.includes(ESCAPE)) return text;
  return text.replaceAll(ESCAPED_END, END).replaceAll(ESCAPED_ESCAPE, ESCAPE);
}

/** The parts of a key that `encodeKey` made for this table; throws on any other text. */
export function decodeKey<K extends Key, V>(table: Table<K, V>, text: string): K {
  const prefix = TABLES + table.name + END;
  if (!text.startsWith(prefix)) throw new TypeError(`not a key of table ${table.name}`);
  const parts: KeyPart[] = [];
  let at = prefix.length;
  while (at < text.length) {
    if (text.startsWith(NUMBER, at)) {
      const start = at + NUMBER.length;
      at = start + NUMBER_DIGITS;
      parts.push(Number.parseInt(text.slice(start, at), 16));
    } else {
      const end = text.indexOf(END, at);
      if (end < 0) throw new TypeError(`a key of table ${table.name} is cut off`);
      parts.push(decodeText(text.slice(at, end)));
      at = end + 1;
    }
  }
  return parts as readonly KeyPart[] as K;
}

/** The least text above everything that begins with `prefix`. */
export function successor(prefix: string): string {
  const last = prefix.length - 1;
  return prefix.slice(0, last) + String.fromCharCode(prefix.charCodeAt(last) + 1);
}

/**
 * The rows under `prefix` whose next parts are above `after` and below `before`. Where a bound names
 * fewer parts than the key has, rows that agree with it in these parts are outside.
 */
export function rangeOf<K extends Key, V>(table: Table<K, V>, range: Range): StoreRange {
  const { prefix, after, before } = range;
  const all = encodeParts(table.name, prefix);
  return {
    gte: after ? successor(encodeParts(table.name, prefix, after)) : all,
    lt: before ? encodeParts(table.name, prefix, before) : successor(all),
    limit: range.limit,
    ...(range.reverse ? { reverse: true } : {}),
  };
}
