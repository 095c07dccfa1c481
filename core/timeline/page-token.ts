import { invalidParam } from "../errors.ts";
import type { EventId } from "../ids.ts";
import { parseEventId } from "../ids.ts";
import { parseSyncToken, SYNC_TOKEN_PREFIX } from "../sync/token.ts";
import type { Vector } from "../vector.ts";
import { decodeVector, encodeVector } from "../vector.ts";
import type { Position } from "./position.ts";

/** A point between two events: just before or just after one. */
export interface Point {
  readonly side: "before" | "after";
  readonly at: Position;
}

/**
 * Where a page starts or ends. The vector names what the client has been or will be told by `/sync`:
 * what it does not cover reaches the client there, so a page backwards leaves it out, and a client
 * that pages over several boxes gets nothing twice. Without a point it is the live end as of the vector.
 */
export interface PageToken {
  readonly point?: Point;
  readonly vector: Vector;
  /** A page forwards leaves out what the vector covers: it began at a sync token. */
  readonly onlyUncovered?: true;
}

const PREFIX = "t1_";
const RADIX = 36;
const SIDES = { b: "before", a: "after", u: "after" } as const;

/** `t1_` and, between dots: side, depth, time, event, vector. */
export function encodePageToken(token: PageToken & { readonly point: Point }): string {
  const { side, at } = token.point;
  const mark = token.onlyUncovered ? "u" : side === "before" ? "b" : "a";
  const id = Buffer.from(at.id).toString("base64url");
  const numbers = [at.depth.toString(RADIX), at.ts.toString(RADIX)];
  return PREFIX + [mark, ...numbers, id, encodeVector(token.vector)].join(".");
}

/** Takes a pagination token or a sync token. Throws MatrixError 400 M_INVALID_PARAM. */
export function parsePageToken(text: string): PageToken {
  if (text.startsWith(SYNC_TOKEN_PREFIX)) return { vector: parseSyncToken(text).vector };
  const token = decode(text);
  if (!token) throw invalidParam("The pagination token is not one that this server made.");
  return token;
}

function decode(text: string): PageToken | undefined {
  if (!text.startsWith(PREFIX)) return undefined;
  const [mark, depthText, tsText, idText, vectorText, ...rest] = text
    .slice(PREFIX.length)
    .split(".");
  if (rest.length > 0 || idText === undefined || vectorText === undefined) return undefined;
  if (mark !== "a" && mark !== "b" && mark !== "u") return undefined;
  const depth = parseNumber(depthText);
  const ts = parseNumber(tsText);
  const id = parseEventId(Buffer.from(idText, "base64url").toString());
  const vector = decodeVector(vectorText);
  if (depth === undefined || ts === undefined || !id || !vector) return undefined;
  const point: Point = { side: SIDES[mark], at: { depth, ts, id: id satisfies EventId } };
  return { point, vector, ...(mark === "u" ? { onlyUncovered: true } : {}) };
}

function parseNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^[0-9a-z]{1,11}$/.test(text)) return undefined;
  const value = Number.parseInt(text, RADIX);
  return Number.isSafeInteger(value) ? value : undefined;
}
