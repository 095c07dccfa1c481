/** What an entry costs beyond its text: map slots and object headers. */
const ENTRY_OVERHEAD_BYTES = 200;

export interface DecodedEntry {
  readonly value: unknown;
  /** The flush from which on the store has held this value. */
  readonly flush: number;
  /** Characters of its text. */
  readonly length: number;
}

/**
 * Decoded values by physical key, bounded by the bytes of their text. Two generations: what is used
 * moves to the young one, and when that is full the old one is forgotten. A hit costs one map look-up.
 */
export class DecodedCache {
  readonly #generationBytesMax: number;
  #young = new Map<string, DecodedEntry>();
  #old = new Map<string, DecodedEntry>();
  #youngBytes = 0;

  constructor(bytesMax: number) {
    this.#generationBytesMax = bytesMax / 2;
  }

  get(key: string): DecodedEntry | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: string, entry: DecodedEntry): void {
    this.#young.set(key, entry);
    this.#youngBytes += ENTRY_OVERHEAD_BYTES + key.length + entry.length;
    if (this.#youngBytes <= this.#generationBytesMax) return;
    this.#old = this.#young;
    this.#young = new Map();
    this.#youngBytes = 0;
  }

  delete(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }
}
