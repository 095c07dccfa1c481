import { invalidParam } from "../errors.ts";
import { parseEventId } from "../ids.ts";
import type { Position } from "../timeline/position.ts";
import type { Vector } from "../vector.ts";
import { decodeVector, encodeVector } from "../vector.ts";

/**
 * Where a search goes on, on any box. What the vector does not cover came after the search began and
 * is left out.
 */
export interface SearchToken {
  readonly vector: Vector;
  /** Only what is earlier; everything when absent. */
  readonly before?: Position | undefined;
  /** Of what is found from there on, so many of the best were told. */
  readonly told: number;
}

const PREFIX = "q1_";
const RADIX = 36;
const NUMBER = /^[0-9a-z]{1,11}$/;

/** `q1_` and, between dots: told; time, depth and event, or nothing at the beginning; vector. */
export function encodeSearchToken({ vector, before, told }: SearchToken): string {
  const place = before
    ? [
        before.ts.toString(RADIX),
        before.depth.toString(RADIX),
        Buffer.from(before.id).toString("base64url"),
      ]
    : [];
  return PREFIX + [told.toString(RADIX), ...place, encodeVector(vector)].join(".");
}

/** Throws MatrixError 400 M_INVALID_PARAM. */
export function parseSearchToken(text: string): SearchToken {
  const token = decode(text);
  if (!token) throw invalidParam("'next_batch' is not a token of a search on this server.");
  return token;
}

function decode(text: string): SearchToken | undefined {
  if (!text.startsWith(PREFIX)) return undefined;
  const [toldText, ...parts] = text.slice(PREFIX.length).split(".");
  const told = parseNumber(toldText);
  const vector = decodeVector(parts.pop() ?? "?");
  if (told === undefined || !vector) return undefined;
  if (parts.length === 0) return { vector, told };
  const [tsText, depthText, idText, ...rest] = parts;
  const ts = parseNumber(tsText);
  const depth = parseNumber(depthText);
  const id = parseEventId(Buffer.from(idText ?? "", "base64url").toString());
  if (rest.length > 0 || ts === undefined || depth === undefined || !id) return undefined;
  return { vector, told, before: { ts, depth, id } };
}

function parseNumber(text: string | undefined): number | undefined {
  if (text === undefined || !NUMBER.test(text)) return undefined;
  const value = Number.parseInt(text, RADIX);
  return Number.isSafeInteger(value) ? value : undefined;
}
