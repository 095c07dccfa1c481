import { hash } from "node:crypto";
import type { RoomId } from "../ids.ts";
import type { DocId, Generation, Heads } from "../transaction/records.ts";
import { generationOf, isGeneration, roomDoc } from "./names.ts";

/**
 * What a room's document holds besides state. Keys of state have a U+001F, these have none:
 * - `buckets`: its state is in other documents
 * - `bucket <digits>`: where the keys whose hash begins with these digits are: generation and heads
 * - `bucket`: the digits of the bucket that was begun here, so that no two begin alike
 */
export const BUCKETS_KEY = "buckets";
export const BUCKET_NAME_KEY = "bucket";
const POINTER = /^bucket ([0-3]{1,12})$/;
/** The branches that may come together in one pointer: as many as an event may name heads. */
const POINTER_HEADS_MAX = 256;

/** Digits of a bucket's name, at most: four to the twelfth are more buckets than there are users. */
export const BUCKET_DEPTH_MAX = 12;
/** The name of a bucket: the first digits, 0 to 3 each, of the hashes of its keys. */
export type Prefix = string;
export const DIGITS = ["0", "1", "2", "3"] as const;

/** A document, at some heads of it, that holds a part of a state. */
export interface Leaf {
  readonly doc: DocId;
  readonly heads: Heads;
}

export function isStateKey(key: string): boolean {
  return key.includes("\u001f");
}

export function pointerKey(prefix: Prefix): string {
  return `bucket ${prefix}`;
}

export function prefixOf(key: string): Prefix | undefined {
  return POINTER.exec(key)?.[1];
}

/** The name of a key's deepest bucket; those above it are its beginnings. */
export function digitsOf(stateKey: string): Prefix {
  const bytes = hash("sha256", stateKey, "buffer");
  let digits = "";
  for (let i = 0; i < BUCKET_DEPTH_MAX; i++) {
    digits += DIGITS[((bytes[i >> 2] ?? 0) >> (2 * (i & 3))) & 3];
  }
  return digits;
}

export function encodePointer({ doc, heads }: Leaf): string {
  return [generationOf(doc), ...heads].join(" ");
}

/** Undefined for text that no version of the software wrote. */
export function parsePointer(room: RoomId, text: string | undefined): Leaf | undefined {
  const [generation, ...heads] = text?.split(" ", POINTER_HEADS_MAX + 2) ?? [];
  if (!isGeneration(generation) || heads.length === 0 || heads.length > POINTER_HEADS_MAX) {
    return undefined;
  }
  // Heads and generations are hashes of changes alike.
  if (!heads.every((head): head is Generation => isGeneration(head))) return undefined;
  return { doc: roomDoc(room, generation), heads };
}
