import { isObject } from "../../core/json.ts";
import type { Json } from "../../core/json.ts";
import { parseOrigin, parseVector } from "../../core/vector.ts";
import type { Dot, Vector } from "../../core/vector.ts";
import { TransportError } from "../transport/transport.ts";
import type { Opened, OriginPlace, RowHash, SectionDigest } from "./compared-box.ts";
import { KEY_LENGTH_MAX, LOOK_KEYS_MAX, PLACES_MAX } from "./constants.ts";
import type { Bucket } from "./digest.ts";
import type { KeyRange } from "./sections.ts";

/** The name under which boxes ask each other to be compared. */
export const VERIFY_METHOD = "verify";

/**
 * A question, as JSON. The answer is lines of JSON, in this order:
 * `open` {session, vector} · `sections` {name, rows, hash}, null while still reading · `buckets` {last?, rows, hash} ·
 * `rows` [key, hash] · `look` {vector}, then hash or null for each key · `places` {origin, seq, hash} ·
 * `entries` hash or null for each dot · `close` nothing.
 */
export type Question =
  | { readonly ask: "open" }
  | { readonly ask: "close" | "sections"; readonly session: number }
  | { readonly ask: "buckets"; readonly session: number; readonly section: string }
  | ({ readonly ask: "rows"; readonly session: number; readonly section: string } & KeyRange)
  | { readonly ask: "look"; readonly keys: readonly string[] }
  | { readonly ask: "places" }
  | { readonly ask: "entries"; readonly dots: readonly Dot[] };

const HASH = /^[A-Za-z0-9_-]{1,64}$/;
const SECTION = /^[a-z]{1,32}$/;

export function encodeQuestion(question: Question): Uint8Array {
  return Buffer.from(JSON.stringify(question));
}

/** Throws a `refused` TransportError on what is no question. */
export function decodeQuestion(bytes: Uint8Array): Question {
  const value = parseLine(Buffer.from(bytes).toString());
  if (!isObject(value)) throw notUnderstood();
  const { ask } = value;
  switch (ask) {
    case "open":
    case "places":
      return { ask };
    case "close":
    case "sections":
      return { ask, session: count(value["session"]) };
    case "buckets":
      return { ask, session: count(value["session"]), section: text(value["section"], SECTION) };
    case "rows": {
      const { after, through } = value;
      return {
        ask,
        session: count(value["session"]),
        section: text(value["section"], SECTION),
        ...(after === undefined ? {} : { after: key(after) }),
        ...(through === undefined ? {} : { through: key(through) }),
      };
    }
    case "look":
      return { ask, keys: list(value["keys"], LOOK_KEYS_MAX).map(key) };
    case "entries":
      return { ask, dots: list(value["dots"], PLACES_MAX).map(dot) };
    default:
      throw notUnderstood();
  }
}

export function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new TransportError("protocol", "a line that is not JSON", error);
  }
}

export function parseOpened(value: unknown): Opened {
  const { session, vector } = objectOf(value);
  return { session: count(session), vector: vectorOf(vector) };
}

export function parseSection(value: unknown): SectionDigest {
  const { name, rows, hash } = objectOf(value);
  return { name: text(name, SECTION), rows: count(rows), hash: text(hash, HASH) };
}

export function parseBucket(value: unknown): Bucket {
  const { last, rows, hash } = objectOf(value);
  const end = last === undefined ? {} : { last: key(last) };
  return { ...end, rows: count(rows), hash: text(hash, HASH) };
}

export function parseRow(value: unknown): RowHash {
  const [rowKey, hash] = list(value, 2);
  return [key(rowKey), text(hash, HASH)];
}

export function parsePlace(value: unknown): OriginPlace {
  return { ...dot(value), hash: text(objectOf(value)["hash"], HASH) };
}

export function parseHash(value: unknown): string | null {
  return value === null ? null : text(value, HASH);
}

export function parseLookVector(value: unknown): Vector {
  return vectorOf(objectOf(value)["vector"]);
}

function dot(value: unknown): Dot {
  const { origin, seq } = objectOf(value);
  const parsed = parseOrigin(origin);
  if (parsed === undefined) throw notUnderstood();
  return { origin: parsed, seq: count(seq) };
}

function vectorOf(value: unknown): Vector {
  const vector = parseVector(value);
  if (vector === undefined) throw notUnderstood();
  return vector;
}

function objectOf(value: unknown): Readonly<Record<string, Json | undefined>> {
  if (!isObject(value)) throw notUnderstood();
  return value;
}

function count(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw notUnderstood();
  return value as number;
}

function text(value: unknown, form: RegExp): string {
  if (typeof value !== "string" || !form.test(value)) throw notUnderstood();
  return value;
}

function key(value: unknown): string {
  if (typeof value !== "string" || value.length > KEY_LENGTH_MAX) throw notUnderstood();
  return value;
}

function list(value: unknown, max: number): readonly unknown[] {
  if (!Array.isArray(value) || value.length > max) throw notUnderstood();
  return value;
}

function notUnderstood(): TransportError {
  return new TransportError("refused", "a message about comparing that is not understood");
}
