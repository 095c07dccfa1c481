import { hash } from "node:crypto";
import { isObject } from "../../core/json.ts";
import { isKnownRecord } from "../../core/transaction/known-records.ts";
import { isGeneration } from "../../core/room-document/names.ts";
import type {
  SettledRecord,
  Transaction,
  TransactionRecord,
} from "../../core/transaction/records.ts";
import { parseOrigin, parseVector } from "../../core/vector.ts";
import { FRAME_BYTES_MAX } from "../transport/constants.ts";

/** Text of one journal entry, UTF-16 units: a createRoom with every option makes about 100,000. */
export const ENTRY_LENGTH_MAX = 2 * 1024 * 1024;
/** What a frame may say beside an entry that it carries alone, bytes; today it is one letter. */
const FRAME_HEAD_BYTES_MAX = 1024;
/** UTF-8 of one journal entry, bytes: what fits into no frame would keep in all that comes after it. */
export const ENTRY_BYTES_MAX = FRAME_BYTES_MAX - FRAME_HEAD_BYTES_MAX;
/** Records in one entry: what `Draft` allows. */
const RECORDS_MAX = 2000;

/** Effects that one record may call over. */
export const SETTLED_PLACES_MAX = 1000;

/** A transaction with its exact text, over which the origin's hash chain runs. */
export interface Entry {
  readonly transaction: Transaction;
  readonly text: string;
}

export class BadEntryError extends Error {
  override readonly name = "BadEntryError";
  readonly code = "bad_entry";
}

/** May an entry with this text be made? Those of a disk may have more bytes than can be sent. */
export function fitsIntoFrame(text: string): boolean {
  return text.length <= ENTRY_LENGTH_MAX && Buffer.byteLength(text) <= ENTRY_BYTES_MAX;
}

export function hashOfEntry(text: string): string {
  return hash("sha256", text, "base64url");
}

/**
 * An entry from a peer or a disk: bounded, decoded, its frame checked. Records of kinds that a later
 * version of the software made are kept as they are. Throws `BadEntryError`.
 */
export function parseEntry(text: string): Entry {
  if (text.length > ENTRY_LENGTH_MAX) throw new BadEntryError("the entry is too long");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new BadEntryError("the entry is not JSON", { cause: error });
  }
  if (!isObject(value) || value["v"] !== 1)
    throw new BadEntryError("the entry is of no known form");
  const { seq, time, prev, records } = value;
  if (parseOrigin(value["origin"]) === undefined) throw new BadEntryError("bad origin");
  if (!isCount(seq) || seq < 1 || seq > 0xffffffff) throw new BadEntryError("bad seq");
  if (!isCount(time)) throw new BadEntryError("bad time");
  if (parseVector(value["deps"]) === undefined) throw new BadEntryError("bad deps");
  if (typeof prev !== "string" || prev.length > 64) throw new BadEntryError("bad prev");
  if (!Array.isArray(records) || records.length > RECORDS_MAX || !records.every(isRecord)) {
    throw new BadEntryError("bad records");
  }
  return { transaction: value as unknown as Transaction, text };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isRecord(value: unknown): value is TransactionRecord {
  if (!isObject(value)) return false;
  if (!isKnownRecord(value)) return typeof value["kind"] === "string";
  switch (value["kind"]) {
    case "event":
      return (
        isId(value["id"], "$") &&
        isId(value["room"], "!") &&
        isPduShape(value["pdu"]) &&
        isTextList(value["heads"]) &&
        (value["generation"] === undefined || isGeneration(value["generation"])) &&
        areEventMarks(value)
      );
    case "change":
      return isDocId(value["doc"]) && typeof value["change"] === "string";
    case "put":
      return typeof value["collection"] === "string" && isTextList(value["key"]);
    case "enqueue":
      return isQueueRecord(value) && (value["queue"] !== "to_device" || isObject(value["message"]));
    case "dequeue":
      return (
        isQueueRecord(value) &&
        (value["queue"] !== "to_device" || parseVector(value["upTo"]) !== undefined)
      );
    case "effect":
      return typeof value["lane"] === "string" && isEffect(value["effect"]);
    case "settled":
      return isSettledRecord(value);
    case "round":
      return typeof value["session"] === "string" && isCount(value["round"]);
    case "close":
      return parseOrigin(value["origin"]) !== undefined && isCount(value["seq"]);
    default:
      return typeof value["kind"] === "string";
  }
}

/** How an event entered decides which checks it must pass, so nothing unknown may stand there. */
function areEventMarks(value: Readonly<Record<string, unknown>>): boolean {
  const { txn, entered, softFailed, byAdmin } = value;
  return (
    (txn === undefined || isClientTransaction(txn)) &&
    (entered === undefined || entered === "outlier" || entered === "backfilled") &&
    (softFailed === undefined || softFailed === true) &&
    (byAdmin === undefined || byAdmin === true)
  );
}

function isClientTransaction(value: unknown): boolean {
  return isObject(value) && typeof value["device"] === "string" && typeof value["id"] === "string";
}

function isEffect(value: unknown): boolean {
  return isObject(value) && (isId(value["event"], "$") || isId(value["badge"], "@"));
}

/** Also what boxes tell each other before it is written down. */
export function isSettledRecord(value: unknown): value is SettledRecord {
  if (!isObject(value) || typeof value["lane"] !== "string") return false;
  const { origin, done, owed } = value;
  if (parseOrigin(origin) === undefined || !Array.isArray(done) || !Array.isArray(owed))
    return false;
  if (done.length + owed.length > SETTLED_PLACES_MAX || !done.every(isPlace)) return false;
  return owed.every(
    (item: unknown) => Array.isArray(item) && isPlace(item[0]) && isTextList(item[1]),
  );
}

function isPlace(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && isCount(value[0]) && isCount(value[1]);
}

function isQueueRecord(value: Readonly<Record<string, unknown>>): boolean {
  if (typeof value["user"] !== "string" || typeof value["device"] !== "string") return false;
  if (value["queue"] === "to_device") return true;
  return (
    value["queue"] === "one_time_key" &&
    typeof value["algorithm"] === "string" &&
    typeof value["keyId"] === "string"
  );
}

function isDocId(value: unknown): boolean {
  return value === "mesh" || isId(value, "room:!") || isId(value, "user:@");
}

function isId(value: unknown, start: string): boolean {
  return typeof value === "string" && value.startsWith(start) && value.length <= 512;
}

function isTextList(value: unknown): boolean {
  return Array.isArray(value) && value.length <= 256 && value.every((x) => typeof x === "string");
}

/** Only what the code relies on before the room's own rules look at the event. */
function isPduShape(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { type, sender, content, depth, origin_server_ts: ts, state_key: stateKey } = value;
  return (
    typeof type === "string" &&
    typeof sender === "string" &&
    isObject(content) &&
    isCount(depth) &&
    isCount(ts) &&
    (stateKey === undefined || typeof stateKey === "string") &&
    Array.isArray(value["prev_events"]) &&
    Array.isArray(value["auth_events"])
  );
}
