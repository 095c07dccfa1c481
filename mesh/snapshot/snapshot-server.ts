import { isObject, parseJson } from "../../core/json.ts";
import type { BoxId } from "../../core/ids.ts";
import type { Logger, Timers } from "../../core/ports.ts";
import type { Origin } from "../../core/vector.ts";
import { formatOf } from "../store/format.ts";
import { VECTOR_KEY, isSharedKey } from "../store/mesh-keys.ts";
import type { Store, StoreSnapshot } from "../store/store.ts";
import type { Transport } from "../transport/transport.ts";
import { TransportError } from "../transport/transport.ts";
import { KEPT_MS, PARCEL_BYTES, READ_ROWS } from "./constants.ts";
import { encodeEnd, encodeHead, encodeRows } from "./rows.ts";
import type { Head, Row } from "./rows.ts";

export const SNAPSHOT_METHOD = "snapshot";
/** Longest wish, characters: an ID and a key. */
const WISH_LENGTH_MAX = 8192;

/** What a box asks for: a new copy, or the rest of one after a key. */
export interface Wish {
  readonly id?: string;
  readonly after?: string;
}

export interface SnapshotServerDeps {
  readonly transport: Transport;
  readonly store: Store;
  readonly life: Origin;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Why a box should better copy another one. */
  readonly refusal: (to: BoxId) => string | undefined;
}

interface Open {
  readonly snapshot: StoreSnapshot;
  readonly head: Head;
  forget: { cancel(): void } | undefined;
}

/**
 * Hands out copies of the store as it was at one moment: every row that follows from transactions, none
 * that is the box's own. For each other box one copy is kept open, so that it can be gone on with.
 */
export class SnapshotServer {
  readonly #deps: SnapshotServerDeps;
  readonly #open = new Map<BoxId, Open>();
  readonly #off: () => void;
  #copies = 0;

  constructor(deps: SnapshotServerDeps) {
    this.#deps = deps;
    this.#off = deps.transport.onFetchStream(SNAPSHOT_METHOD, (from, body) =>
      this.#serve(from, body),
    );
  }

  stop(): void {
    this.#off();
    for (const box of this.#open.keys()) this.#forget(box);
  }

  async *#serve(box: BoxId, body: Uint8Array): AsyncGenerator<Uint8Array> {
    const { id, after = "" } = parseWish(body);
    const refusal = this.#deps.refusal(box);
    if (refusal !== undefined) throw new TransportError("refused", refusal);
    const open = id === undefined ? await this.#begin(box) : this.#open.get(box);
    if (!open || (id !== undefined && open.head.id !== id)) {
      throw new TransportError("refused", "this copy is not open any more");
    }
    open.forget?.cancel();
    try {
      yield encodeHead(open.head);
      for await (const rows of parcelsOf(open.snapshot, after)) yield encodeRows(rows);
      yield encodeEnd();
    } finally {
      if (this.#open.get(box) === open) {
        open.forget = this.#deps.timers.after(KEPT_MS, () => this.#forget(box));
      }
    }
  }

  async #begin(box: BoxId): Promise<Open> {
    const { store, life, logger } = this.#deps;
    const sizeBytes = await store.sizeBytes();
    const snapshot = store.snapshot();
    this.#forget(box);
    const vector = JSON.parse(snapshot.get(VECTOR_KEY) ?? "{}") as Head["vector"];
    const id = `${life}/${++this.#copies}`;
    const head = { id, vector, sizeBytes, format: formatOf(snapshot) };
    const open: Open = { snapshot, head, forget: undefined };
    this.#open.set(box, open);
    logger.info({ box, bytes: sizeBytes }, "a box begins to copy everything from this one");
    return open;
  }

  #forget(box: BoxId): void {
    const open = this.#open.get(box);
    if (!open) return;
    this.#open.delete(box);
    open.forget?.cancel();
    open.snapshot.close();
  }
}

/** The shared rows above a key, in groups of about `PARCEL_BYTES`. */
async function* parcelsOf(snapshot: StoreSnapshot, after: string): AsyncGenerator<Row[]> {
  let last = after;
  let group: Row[] = [];
  let length = 0;
  for (;;) {
    const rows = await snapshot.range({ gt: last, limit: READ_ROWS });
    for (const row of rows) {
      const [key, value] = row;
      last = key;
      if (!isSharedKey(key)) continue;
      if (length > 0 && length + value.length > PARCEL_BYTES) {
        yield group;
        [group, length] = [[], 0];
      }
      group.push(row);
      length += key.length + value.length;
    }
    if (rows.length < READ_ROWS) break;
  }
  if (group.length > 0) yield group;
}

function parseWish(body: Uint8Array): Wish {
  const text = Buffer.from(body).toString();
  const value = text.length <= WISH_LENGTH_MAX ? parseJson(text) : undefined;
  if (!isObject(value)) throw new TransportError("refused", "not a wish for a copy");
  const { id, after } = value;
  const isText = (part: unknown): boolean => part === undefined || typeof part === "string";
  if (!isText(id) || !isText(after)) throw new TransportError("refused", "not a wish for a copy");
  return value as Wish;
}
