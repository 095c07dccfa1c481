import type { BoxId } from "./ids.ts";

/**
 * An origin is one life of one box: `<boxId>.<incarnation>`. Every start of a box is a new incarnation
 * (a number that grows; milliseconds), so a box restored from an old copy never reuses a sequence.
 */
export type Origin = string & { readonly __origin: true };

export function originOf(box: BoxId, incarnation: number): Origin {
  return `${box}.${incarnation.toString(36)}` as Origin;
}

export function boxOf(origin: Origin): BoxId {
  return origin.slice(0, 8) as BoxId;
}

export function incarnationOf(origin: Origin): number {
  return Number.parseInt(origin.slice(9), 36);
}

/** What `originOf` makes: ten digits of base 36 are a safe integer, and none begins with a needless zero. */
const ORIGIN = /^[a-z2-7]{8}\.(?:0|[1-9a-z][0-9a-z]{0,9})$/;

export function parseOrigin(text: unknown): Origin | undefined {
  return typeof text === "string" && ORIGIN.test(text) ? (text as Origin) : undefined;
}

/** Of two lives of one box; numbers without leading zeros are ordered by length, then as text. */
function isLater(a: Origin, b: Origin): boolean {
  return a.length === b.length ? a > b : a.length > b.length;
}

/** The place of one transaction: the `seq`-th of its origin, counted from 1 without gaps. */
export interface Dot {
  readonly origin: Origin;
  readonly seq: number;
}

/**
 * A version vector: a set of transactions, closed under causes. `v[origin] = n` means the first n
 * transactions of that origin. **Of a box that is named, every incarnation before the earliest one
 * named is in the set as a whole**: `compact` omits an incarnation only once its tail is known complete.
 * As long as that is not known of the first incarnation met, incarnation 0, which no box ever has, is
 * named with nothing: a box may have had lives of which nobody here has heard.
 */
export type Vector = Readonly<Record<Origin, number>>;

export const EMPTY_VECTOR: Vector = Object.freeze({}) as Vector;

/** The incarnation before all others. */
export function floorOf(box: BoxId): Origin {
  return originOf(box, 0);
}

/** Does the vector take all of the incarnation for granted, without naming it? */
export function implies(vector: Vector, origin: Origin): boolean {
  const box = boxOf(origin);
  let isNamed = false;
  for (const named in vector) {
    if (!named.startsWith(box)) continue;
    if (!isLater(named as Origin, origin)) return false;
    isNamed = true;
  }
  return isNamed;
}

/** Is the transaction in the set? */
export function covers(vector: Vector, dot: Dot): boolean {
  const seq = vector[dot.origin];
  return seq === undefined ? implies(vector, dot.origin) : dot.seq <= seq;
}

/** Is every transaction of `inner` in `outer`? Both are closed under causes. */
export function includes(outer: Vector, inner: Vector): boolean {
  for (const origin of Object.keys(inner) as Origin[]) {
    const seq = inner[origin] ?? 0;
    if (seq > 0 && !covers(outer, { origin, seq })) return false;
  }
  return true;
}

/** What a set has of one box, in all its lives. */
export function ofBox(box: BoxId, vector: Vector): Vector {
  const out: Record<Origin, number> = {};
  for (const [origin, seq] of Object.entries(vector) as [Origin, number][]) {
    if (boxOf(origin) === box) out[origin] = seq;
  }
  return out;
}

/** The union of two sets. */
export function merge(a: Vector, b: Vector): Vector {
  const out: Record<Origin, number> = {};
  // An incarnation that one side omits because it has all of it is wholly in the union.
  for (const origin of Object.keys(a) as Origin[]) {
    const [here = 0, there] = [a[origin], b[origin]];
    if (there !== undefined || !implies(b, origin)) out[origin] = Math.max(here, there ?? 0);
  }
  for (const origin of Object.keys(b) as Origin[]) {
    if (a[origin] === undefined && !implies(a, origin)) out[origin] = b[origin] ?? 0;
  }
  return out;
}

/** Adds one transaction; the caller has checked that its causes are in the set. */
export function advance(vector: Vector, dot: Dot): Vector {
  if (covers(vector, dot)) return vector;
  const box = boxOf(dot.origin);
  const isKnown = (Object.keys(vector) as Origin[]).some((origin) => boxOf(origin) === box);
  return { ...vector, ...(isKnown ? {} : { [floorOf(box)]: 0 }), [dot.origin]: dot.seq };
}

/**
 * Drops of each box the first incarnations that are whole, but for its latest. `closed(origin)` is the
 * last sequence of an incarnation whose tail every box has confirmed.
 */
export function compact(vector: Vector, closed: (origin: Origin) => number | undefined): Vector {
  const origins = (Object.keys(vector) as Origin[]).toSorted(byBoxAndIncarnation);
  const out: Record<Origin, number> = {};
  let kept: BoxId | undefined;
  origins.forEach((origin, i) => {
    const next = origins[i + 1];
    const seq = vector[origin] ?? 0;
    const isLatest = next === undefined || boxOf(next) !== boxOf(origin);
    if (kept !== boxOf(origin) && !isLatest && seq >= (closed(origin) ?? Infinity)) return;
    kept = boxOf(origin);
    out[origin] = seq;
  });
  return out;
}

function byBoxAndIncarnation(a: Origin, b: Origin): number {
  if (boxOf(a) !== boxOf(b)) return boxOf(a) < boxOf(b) ? -1 : 1;
  if (a === b) return 0;
  return isLater(a, b) ? 1 : -1;
}

/** Bytes of one entry in the encoded form: box 5, incarnation 6, sequence 4. */
const ENTRY_BYTES = 15;
/**
 * Entries in an encoded vector: years of restarts that nobody could confirm. As a token that is 40 kB,
 * which fits into the headers of a request.
 */
export const VECTOR_ENTRIES_MAX = 2000;
/**
 * Entries in a vector between boxes, 240 kB of JSON: four times as many as in a token, since boxes that read
 * each other no more would stay apart for good.
 */
export const NAMED_LIVES_MAX = 8000;
const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

function boxToNumber(box: BoxId): number {
  let n = 0;
  for (const c of box) n = n * 32 + BASE32.indexOf(c);
  return n;
}

function numberToBox(n: number): BoxId {
  let text = "";
  for (let i = 0; i < 8; i++) {
    text = BASE32.charAt(n % 32) + text;
    n = Math.floor(n / 32);
  }
  return text as BoxId;
}

/** URL-safe text of a vector, 20 characters an entry, the same for equal vectors. */
export function encodeVector(vector: Vector): string {
  const origins = (Object.keys(vector) as Origin[]).toSorted();
  const bytes = Buffer.alloc(origins.length * ENTRY_BYTES);
  origins.forEach((origin, i) => {
    bytes.writeUIntBE(boxToNumber(boxOf(origin)), i * ENTRY_BYTES, 5);
    bytes.writeUIntBE(incarnationOf(origin), i * ENTRY_BYTES + 5, 6);
    bytes.writeUInt32BE(vector[origin] ?? 0, i * ENTRY_BYTES + 11);
  });
  return bytes.toString("base64url");
}

export function decodeVector(text: string): Vector | undefined {
  const bytes = Buffer.from(text, "base64url");
  if (bytes.length % ENTRY_BYTES !== 0 || bytes.length / ENTRY_BYTES > VECTOR_ENTRIES_MAX) {
    return undefined;
  }
  const out: Record<Origin, number> = {};
  let last = "";
  for (let at = 0; at < bytes.length; at += ENTRY_BYTES) {
    const box = numberToBox(bytes.readUIntBE(at, 5));
    const origin = originOf(box, bytes.readUIntBE(at + 5, 6));
    // Each once and in order, or it is not the one text of its vector.
    if (origin <= last) return undefined;
    out[origin] = bytes.readUInt32BE(at + 11);
    last = origin;
  }
  return bytes.toString("base64url") === text ? out : undefined;
}

/** A vector from a peer or a disk: checked, or `undefined`. */
export function parseVector(value: unknown): Vector | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const entries = Object.entries(value);
  if (entries.length > NAMED_LIVES_MAX) return undefined;
  for (const [origin, seq] of entries) {
    if (parseOrigin(origin) === undefined) return undefined;
    if (!Number.isSafeInteger(seq) || seq < 0 || seq > 0xffffffff) return undefined;
  }
  return value as Vector;
}
