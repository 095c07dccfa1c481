import { decodeChange } from "@automerge/automerge";
import type { Heads } from "../../core/transaction/records.ts";
import { DocumentError } from "./document-error.ts";

/** A change carries at most one client request; the largest is account data, 64 KiB and some. */
export const CHANGE_BYTES_MAX = 512 * 1024;
/** Keys one change may edit: the difference after a long partition of a large room fits. */
export const CHANGE_EDITS_MAX = 10_000;

/**
 * The head of a change: magic, the first four bytes of its hash, its kind.
 * https://automerge.org/automerge-binary-format-spec/#_chunk_container
 */
const CHECKSUM_AT = 4;
const KIND_AT = 8;
/** A compressed change (kind 2) is refused: a few bytes could unfold to gigabytes. */
const KIND_CHANGE = 1;

const HASH = /^[0-9a-f]{64}$/;

export function isHash(text: string): boolean {
  return HASH.test(text);
}

export interface ChangeContent {
  readonly hash: string;
  readonly deps: Heads;
  /** The keys it edits and what to; undefined: removed. */
  readonly edits: ReadonlyMap<string, string | undefined>;
  readonly actor: string;
  /** Counted from 1 without gaps for each actor. */
  readonly seq: number;
  readonly startOp: number;
  readonly maxOp: number;
}

/** Holds for changes made here too: the other boxes would refuse them. */
export function checkSize(change: Uint8Array): void {
  if (change.length > CHANGE_BYTES_MAX) {
    throw new DocumentError("too-large", "a change is too large");
  }
}

/** Checks a change from a peer or a disk: bounded, whole, and editing a flat map of text only. */
export function readChange(bytes: Uint8Array): ChangeContent {
  checkSize(bytes);
  if (bytes[KIND_AT] !== KIND_CHANGE) throw new DocumentError("garbage", "not a plain change");
  let change;
  try {
    change = decodeChange(bytes);
  } catch (error) {
    throw new DocumentError("garbage", "a change cannot be read", error);
  }
  const checksum = Buffer.from(bytes.subarray(CHECKSUM_AT, KIND_AT)).toString("hex");
  if (!change.hash.startsWith(checksum)) throw new DocumentError("garbage", "a change is damaged");
  if (change.ops.length > CHANGE_EDITS_MAX) {
    throw new DocumentError("too-large", "a change edits too much");
  }
  const edits = new Map<string, string | undefined>();
  for (const { action, obj, key, value, datatype } of change.ops) {
    const isEdit =
      action === "del" || (action === "set" && typeof value === "string" && datatype === undefined);
    if (obj !== "_root" || typeof key !== "string" || !isEdit) {
      throw new DocumentError("garbage", "a change edits something other than a map of text");
    }
    edits.set(key, action === "set" ? String(value) : undefined);
  }
  const { hash, deps, actor, seq, startOp } = change;
  return {
    hash,
    deps,
    edits,
    actor,
    seq,
    startOp,
    maxOp: startOp + change.ops.length - 1,
  };
}
