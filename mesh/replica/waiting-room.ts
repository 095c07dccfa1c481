import type { Entry } from "../journal/entry.ts";
import type { Origin } from "../../core/vector.ts";
import { WAITING_ENTRIES_MAX, WAITING_LENGTH_MAX } from "./constants.ts";

/** Entries that arrived before their causes. Bounded: what does not fit will be sent again. */
export class WaitingRoom {
  readonly #byOrigin = new Map<Origin, Map<number, Entry>>();
  #entries = 0;
  #length = 0;

  get size(): number {
    return this.#entries;
  }

  /** False when there is no room. */
  add(entry: Entry): boolean {
    const { origin, seq } = entry.transaction;
    const waiting = this.#byOrigin.get(origin) ?? new Map<number, Entry>();
    if (waiting.has(seq)) return true;
    if (this.#entries >= WAITING_ENTRIES_MAX) return false;
    if (this.#length + entry.text.length > WAITING_LENGTH_MAX) return false;
    waiting.set(seq, entry);
    this.#byOrigin.set(origin, waiting);
    this.#entries++;
    this.#length += entry.text.length;
    return true;
  }

  /** Takes out the entry with this sequence, if it is here. */
  take(origin: Origin, seq: number): Entry | undefined {
    const waiting = this.#byOrigin.get(origin);
    const entry = waiting?.get(seq);
    if (!waiting || !entry) return undefined;
    waiting.delete(seq);
    if (waiting.size === 0) this.#byOrigin.delete(origin);
    this.#entries--;
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
