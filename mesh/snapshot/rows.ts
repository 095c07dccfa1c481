import { hash } from "node:crypto";
import { isObject, parseJson } from "../../core/json.ts";
import { parseVector } from "../../core/vector.ts";
import type { Vector } from "../../core/vector.ts";
import { encodeParcels } from "../transport/parcel.ts";
import { SnapshotError } from "./snapshot-error.ts";

/**
 * A copy on the wire: one `head`, `rows` in the order of their keys, one `end`. Rows are a SHA-256 over
 * the rest, then for each row the lengths of key and value (4 bytes each) and their UTF-8.
 */
export const RowsParcel = { head: 1, rows: 2, end: 3 } as const;

const CHECKSUM_BYTES = 32;
const LENGTH_BYTES = 4;

export type Row = readonly [key: string, value: string];

/** What a copy is of. */
export interface Head {
  /** Names the copy while its sender keeps it open. */
  readonly id: string;
  /** The transactions whose effects are in it. */
  readonly vector: Vector;
  /** What the store takes on the sender's disk. */
  readonly sizeBytes: number;
  /** What the sender's version of the software takes the rows for: `mesh/store/format.ts`. */
  readonly format: number;
}

export function encodeHead(head: Head): Uint8Array {
  return encodeParcels([{ kind: RowsParcel.head, body: Buffer.from(JSON.stringify(head)) }]);
}

export function decodeHead(body: Uint8Array): Head {
  const value = parseJson(Buffer.from(body).toString());
  if (!isObject(value)) throw new SnapshotError("the head of the copy cannot be read");
  const { id, sizeBytes, format } = value;
  const vector = parseVector(value["vector"]);
  const isRight = typeof id === "string" && id.length <= 100 && vector !== undefined;
  if (!isRight || typeof sizeBytes !== "number" || !(sizeBytes >= 0)) {
    throw new SnapshotError("the head of the copy cannot be read");
  }
  if (!Number.isSafeInteger(format) || (format as number) < 1) {
    throw new SnapshotError("the copy is in no known format");
  }
  return { id, vector, sizeBytes, format: format as number };
}

export function encodeRows(rows: readonly Row[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const [key, value] of rows) {
    const [k, v] = [Buffer.from(key), Buffer.from(value)];
    const lengths = Buffer.alloc(2 * LENGTH_BYTES);
    lengths.writeUInt32BE(k.length, 0);
    lengths.writeUInt32BE(v.length, LENGTH_BYTES);
    parts.push(lengths, k, v);
  }
  const body = Buffer.concat(parts);
  const sum = hash("sha256", body, "buffer");
  return encodeParcels([{ kind: RowsParcel.rows, body: Buffer.concat([sum, body]) }]);
}

export function encodeEnd(): Uint8Array {
  return encodeParcels([{ kind: RowsParcel.end, body: new Uint8Array(0) }]);
}

/** Throws `SnapshotError` when the rows are not what was sent. */
export function decodeRows(bytes: Uint8Array): Row[] {
  const sum = Buffer.from(bytes.subarray(0, CHECKSUM_BYTES));
  const body = Buffer.from(bytes.subarray(CHECKSUM_BYTES));
  if (!sum.equals(hash("sha256", body, "buffer"))) {
    throw new SnapshotError("rows of the copy do not match their checksum");
  }
  const rows: Row[] = [];
  let at = 0;
  const take = (length: number): string => {
    if (at + length > body.length) throw new SnapshotError("a row of the copy is cut off");
    at += length;
    return body.toString("utf8", at - length, at);
  };
  while (at < body.length) {
    if (at + 2 * LENGTH_BYTES > body.length)
      throw new SnapshotError("a row of the copy is cut off");
    const keyLength = body.readUInt32BE(at);
    const valueLength = body.readUInt32BE(at + LENGTH_BYTES);
    at += 2 * LENGTH_BYTES;
    rows.push([take(keyLength), take(valueLength)]);
  }
  return rows;
}
