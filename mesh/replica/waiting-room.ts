import type { Entry } from "../journal/entry.ts";
import type { Origin } from "../../core/vector.ts";
import { WAITING_ENTRIES_MAX, WAITING_LENGTH_MAX } from "./constants.ts";

/**
 * Entries that arrived before their causes. Bounded: the one that came first makes room, and is sent
 * again if it was wanted. So what can never be applied keeps nothing out.
 */
export class WaitingRoom {
  readonly #byOrigin = new Map<Origin, Map<number, Entry>>();
  /** In the order of their coming. */
  readonly #entries = new Set<Entry>();
  #length = 0;

  get size(): number {
    return this.#entries.size;
  }

  /** Another one of the same place gives way: only one of them is right, and the newer may be it. */
  add(entry: Entry): void {
    const { origin, seq } = entry.transaction;
    this.take(origin, seq);
    for (const oldest of this.#entries) {
      const fits = this.#length + entry.text.length <= WAITING_LENGTH_MAX;
      if (fits && this.#entries.size < WAITING_ENTRIES_MAX) break;
      this.take(oldest.transaction.origin, oldest.transaction.seq);
    }
    const waiting = this.#byOrigin.get(origin) ?? new Map<number, Entry>();
    waiting.set(seq, entry);
    this.#byOrigin.set(origin, waiting);
    this.#entries.add(entry);
    this.#length += entry.text.length;
  }

  /** Takes out the entry with this sequence, if it is here. */
  take(origin: Origin, seq: number): Entry | undefined {
    const waiting = this.#byOrigin.get(origin);
    const entry = waiting?.get(seq);
    if (!waiting || !entry) return undefined;
    waiting.delete(seq);
    if (waiting.size === 0) this.#byOrigin.delete(origin);
    this.#entries.delete(entry);
    this.#length -= entry.text.length;
    return entry;
  }

  origins(): Origin[] {
    return [...this.#byOrigin.keys()];
  }

  peek(origin: Origin, seq: number): Entry | undefined {
    return this.#byOrigin.get(origin)?.get(seq);
  }

  /** Forgets what is no longer wanted: entries up to and including `seq`. */
  dropThrough(origin: Origin, seq: number): void {
    const waiting = this.#byOrigin.get(origin);
    for (const waitingSeq of waiting?.keys() ?? []) {
      if (waitingSeq <= seq) this.take(origin, waitingSeq);
    }
  }
}
