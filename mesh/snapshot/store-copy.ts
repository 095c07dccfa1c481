import type { BoxId } from "../../core/ids.ts";
import { compareBytes } from "../store/byte-order.ts";
import { STORE_FORMAT } from "../store/format.ts";
import { isSharedKey } from "../store/mesh-keys.ts";
import type { Store, StoreOp } from "../store/store.ts";
import { ParcelDecoder } from "../transport/parcel.ts";
import type { Transport } from "../transport/transport.ts";
import { TransportError } from "../transport/transport.ts";
import { KEY_BYTES_MAX, PARCEL_BYTES_MAX, SILENCE_MS, WRITE_BYTES } from "./constants.ts";
import { RowsParcel, decodeHead, decodeRows } from "./rows.ts";
import type { Head } from "./rows.ts";
import { SnapshotError } from "./snapshot-error.ts";
import { SNAPSHOT_METHOD } from "./snapshot-server.ts";
import type { Wish } from "./snapshot-server.ts";

export interface StoreCopyDeps {
  readonly from: BoxId;
  readonly transport: Transport;
  /** Opens the store to fill, once it is known how large it will be. */
  readonly open: (head: Head) => Promise<Store>;
  /** Stops the copy at the next parcel. */
  readonly isStopped: () => boolean;
}

/** One copy of another box's store, on its way into an empty one here. */
export class StoreCopy {
  readonly #deps: StoreCopyDeps;
  readonly #after = { written: "", read: "" };
  #head: Head | undefined;
  #target: Store | undefined;
  #ops: StoreOp[] = [];
  #opsBytes = 0;
  #bytes = 0;
  #isRead = false;

  constructor(deps: StoreCopyDeps) {
    this.#deps = deps;
  }

  get from(): BoxId {
    return this.#deps.from;
  }

  get head(): Head | undefined {
    return this.#head;
  }

  get target(): Store | undefined {
    return this.#target;
  }

  /** Has everything arrived? */
  get isRead(): boolean {
    return this.#isRead;
  }

  /** Bytes that the copy takes on the disk here. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Resolves when every row is on disk. A `TransportError` other than `refused` means that the link
   * failed: call it again to go on. `SnapshotError`: what came is wrong.
   */
  async fetch(): Promise<void> {
    const { transport, from, isStopped } = this.#deps;
    this.#ops = [];
    this.#opsBytes = 0;
    this.#after.read = this.#after.written;
    const wish: Wish = this.#head ? { id: this.#head.id, after: this.#after.written } : {};
    const decoder = new ParcelDecoder(PARCEL_BYTES_MAX);
    const stream = transport.fetchStream(from, SNAPSHOT_METHOD, Buffer.from(JSON.stringify(wish)), {
      timeoutMs: SILENCE_MS,
    });
    for await (const bytes of stream) {
      for (const { kind, body } of decoder.push(bytes)) {
        if (isStopped()) throw new TransportError("link_down", "This box is stopping");
        if (kind === RowsParcel.end) return this.#end();
        if (kind === RowsParcel.head) await this.#begin(decodeHead(body));
        else if (kind === RowsParcel.rows) await this.#take(body);
        else throw new SnapshotError("the copy has a part of unknown kind");
      }
    }
    throw new TransportError("link_down", "The copy ended early");
  }

  async #begin(head: Head): Promise<void> {
    if (this.#head && this.#head.id !== head.id) throw new SnapshotError("this is another copy");
    if (head.format > STORE_FORMAT) {
      throw new SnapshotError("the other box has a later version of Hearth; update this one");
    }
    this.#head ??= head;
    this.#target ??= await this.#deps.open(head);
  }

  async #take(body: Uint8Array): Promise<void> {
    for (const [key, value] of decodeRows(body)) {
      const bytes = Buffer.byteLength(key);
      if (!isSharedKey(key) || bytes > KEY_BYTES_MAX) {
        throw new SnapshotError("the copy has a row of unknown kind");
      }
      if (compareBytes(this.#after.read, key) >= 0) {
        throw new SnapshotError("the rows of the copy are not in order");
      }
      this.#after.read = key;
      this.#ops.push({ type: "put", key, value });
      this.#opsBytes += bytes + value.length;
    }
    if (this.#opsBytes >= WRITE_BYTES) await this.#write();
  }

  async #end(): Promise<void> {
    await this.#write();
    this.#isRead = true;
  }

  async #write(): Promise<void> {
    if (!this.#target) throw new SnapshotError("the copy has no head");
    if (this.#ops.length > 0) await this.#target.batch(this.#ops);
    this.#after.written = this.#after.read;
    this.#bytes = await this.#target.sizeBytes();
    this.#ops = [];
    this.#opsBytes = 0;
  }
}
