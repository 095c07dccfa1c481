import { stringify } from "canonicaljson";
import { badJson } from "../errors.ts";

/**
 * Objects and arrays nested deeper than this are refused, so that nobody can exhaust the stack with
 * a 64 KiB event. NOTSPEC: the specification has no limit; parsers of other servers stop at 128 to
 * 1000.
 */
export const NESTING_MAX = 512;

/** Also matches U+007F to U+009F, which are then written as they are. */
const NEEDS_ESCAPE = /["\\\p{Cc}\p{Cs}]/u;
const SURROGATE = /[\ud800-\udfff]/;
/** Up to this many members, sorting by insertion beats the built-in sort. */
const INSERTION_SORT_MAX = 16;

/**
 * Canonical JSON: no spaces, members ordered by code point, integers of at most 53 bits.
 * https://spec.matrix.org/v1.19/appendices/#canonical-json
 *
 * Written out here and not left to the `canonicaljson` package, which takes five times as long for
 * an event, escapes control characters in upper case, and fails on a member named `constructor`.
 * The package decides the order of members wherever code points and UTF-16 units disagree.
 *
 * @param strict refuse what the specification forbids. Room versions 1 to 5 must let it pass.
 * @throws MatrixError 400 M_BAD_JSON
 */
export function canonicalJson(value: unknown, strict = true): string {
  return write(value, strict, 0);
}

function write(value: unknown, strict: boolean, depth: number): string {
  switch (typeof value) {
    case "string":
      return quote(value, strict);
    case "number":
      return writeNumber(value, strict);
    case "boolean":
      return value ? "true" : "false";
    case "object":
      if (value === null) return "null";
      if (depth >= NESTING_MAX) throw badJson("The JSON is nested too deeply");
      return Array.isArray(value)
        ? writeArray(value, strict, depth + 1)
        : writeObject(value as Readonly<Record<string, unknown>>, strict, depth + 1);
    default:
      throw badJson(`A value of type ${typeof value} is not JSON`);
  }
}

function writeArray(items: readonly unknown[], strict: boolean, depth: number): string {
  let text = "[";
  for (let i = 0; i < items.length; i++) {
    if (i > 0) text += ",";
    text += write(items[i], strict, depth);
  }
  return `${text}]`;
}

function writeObject(
  value: Readonly<Record<string, unknown>>,
  strict: boolean,
  depth: number,
): string {
  let text = "";
  for (const key of sortKeys(Object.keys(value), strict)) {
    const member = value[key];
    if (member === undefined) continue;
    text += `${text === "" ? "" : ","}${quote(key, strict)}:${write(member, strict, depth)}`;
  }
  return `{${text}}`;
}

function writeNumber(value: number, strict: boolean): string {
  if (Number.isSafeInteger(value)) return value === 0 ? "0" : String(value);
  if (strict) throw badJson("Numbers must be integers between -(2^53)+1 and (2^53)-1");
  if (!Number.isFinite(value)) throw badJson("Numbers must be finite");
  return String(value);
}

function quote(text: string, strict: boolean): string {
  if (!NEEDS_ESCAPE.test(text)) return `"${text}"`;
  if (strict) requireWellFormed(text);
  return JSON.stringify(text);
}

function requireWellFormed(text: string): void {
  if (!text.isWellFormed()) throw badJson("Text must not hold lone surrogates");
}

/** Sorts in place. */
function sortKeys(keys: string[], strict: boolean): string[] {
  if (keys.some((key) => SURROGATE.test(key))) {
    if (strict) keys.forEach(requireWellFormed);
    return sortByCodePoint(keys);
  }
  if (keys.length > INSERTION_SORT_MAX) return keys.sort();
  for (let i = 1; i < keys.length; i++) {
    const key = keys[i] as string;
    let at = i;
    for (; at > 0 && (keys[at - 1] as string) > key; at--) keys[at] = keys[at - 1] as string;
    keys[at] = key;
  }
  return keys;
}

/** The leading letter keeps names like `10` or `__proto__` from being special to JavaScript. */
function sortByCodePoint(keys: readonly string[]): string[] {
  const members = Object.fromEntries(keys.map((key) => [`k${key}`, true]));
  const sorted = JSON.parse(stringify(members)) as Record<string, true>;
  return Object.keys(sorted).map((key) => key.slice(1));
}
