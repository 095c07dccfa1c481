import type { HybridTime, Transaction } from "../../../core/transaction/records.ts";
import type { Origin } from "../../../core/vector.ts";
import { hashOfEntry } from "../../../mesh/journal/entry.ts";
import { VECTOR_KEY, journalKey, positionKey } from "../../../mesh/store/mesh-keys.ts";
import type { Store, StoreOp } from "../../../mesh/store/store.ts";

export const A = "aaaaaaaa.1" as Origin;
export const B = "bbbbbbbb.1" as Origin;

/** Journals in the making, as a box would write them. */
export class JournalFixture {
  readonly texts = new Map<string, string>();
  readonly #seqs: Record<Origin, number> = {};
  readonly #hashes: Record<Origin, string> = {};
  readonly #filler: (sizeBytes: number) => string;

  constructor(filler = (sizeBytes: number): string => "x".repeat(sizeBytes)) {
    this.#filler = filler;
  }

  /** The next entry of an origin, and what is written with it. */
  next(origin: Origin, sizeBytes = 200): StoreOp[] {
    const seq = (this.#seqs[origin] ?? 0) + 1;
    const transaction: Transaction = {
      v: 1,
      origin,
      seq,
      time: seq as HybridTime,
      deps: {},
      prev: this.#hashes[origin] ?? "",
      records: [{ kind: "put", collection: "presence", key: [this.#filler(sizeBytes)] }],
    };
    const text = JSON.stringify(transaction);
    this.#seqs[origin] = seq;
    this.#hashes[origin] = hashOfEntry(text);
    this.texts.set(journalKey(origin, seq), text);
    const place = { seq, hash: this.#hashes[origin] };
    return [
      { type: "put", key: journalKey(origin, seq), value: text },
      { type: "put", key: positionKey(origin), value: JSON.stringify(place) },
      { type: "put", key: VECTOR_KEY, value: JSON.stringify(this.#seqs) },
    ];
  }

  async write(store: Store, origin: Origin, count: number, sizeBytes?: number): Promise<void> {
    for (let i = 0; i < count; i++) await store.batch(this.next(origin, sizeBytes));
  }
}
