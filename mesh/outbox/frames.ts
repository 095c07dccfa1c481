import { isObject, parseJson } from "../../core/json.ts";
import { parseBoxId } from "../../core/ids.ts";
import type { BoxId } from "../../core/ids.ts";
import type { SettledRecord } from "../../core/transaction/records.ts";
import { isSettledRecord } from "../journal/entry.ts";
import { FRAME_BYTES_MAX } from "./constants.ts";

/** Boxes that one frame may name; a mesh has seven at most. */
const BOXES_MAX = 64;

/** What boxes tell each other about effects. */
export interface OutboxFrame {
  /** Boxes linked with the one that speaks. */
  readonly sees: readonly BoxId[];
  /** What is done and not written down yet. */
  readonly settled: readonly SettledRecord[];
  /** Does the one that speaks want to be told what is done? */
  readonly asks: boolean;
  /** Does it take writes? */
  readonly works: boolean;
}

export function encodeOutboxFrame(frame: OutboxFrame): Uint8Array {
  return Buffer.from(JSON.stringify(frame));
}

/** Undefined for bytes that are no such frame. */
export function decodeOutboxFrame(bytes: Uint8Array): OutboxFrame | undefined {
  if (bytes.length > FRAME_BYTES_MAX) return undefined;
  const value = parseJson(Buffer.from(bytes).toString());
  if (!isObject(value)) return undefined;
  const { sees, settled, asks, works } = value;
  if (!Array.isArray(sees) || sees.length > BOXES_MAX || !Array.isArray(settled)) return undefined;
  const boxes = sees.flatMap((box: unknown) => parseBoxId(box) ?? []);
  if (!settled.every(isSettledRecord)) return undefined;
  // Earlier versions do not say.
  return { sees: boxes, settled, asks: asks === true, works: works !== false };
}
