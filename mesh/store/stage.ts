import { assert } from "../../core/errors.ts";
import type { WritableView } from "../../core/ports.ts";
import type { Key, Table } from "../../core/table.ts";
import { encodeKey } from "./keys.ts";

/** A staged write. `text` is what goes to disk; `undefined` deletes. */
export interface StagedEntry {
  readonly value: unknown;
  readonly text: string | undefined;
}

const DELETED: StagedEntry = { value: undefined, text: undefined };

/** The newest state below a stage. */
export interface StageBase {
  newest(key: string): unknown;
  newestText(key: string): string | undefined;
}

/**
 * The writes of one transaction in the making, seen by its own reads only. Used synchronously by one
 * command, then handed to `StateStore.commit` or abandoned: there is one stage at a time.
 */
export class Stage implements WritableView {
  readonly #base: StageBase;
  readonly #values = new Map<string, unknown>();
  readonly #texts = new Map<string, string | undefined>();
  readonly #abandonListeners: (() => void)[] = [];
  readonly #release: () => void;
  #open = true;

  constructor(base: StageBase, release: () => void) {
    this.#base = base;
    this.#release = release;
  }

  get open(): boolean {
    return this.#open;
  }

  get<K extends Key, V>(table: Table<K, V>, key: K): V | undefined {
    const text = encodeKey(table, key);
    const staged = this.#values.get(text);
    if (staged !== undefined || this.#values.has(text)) return staged as V | undefined;
    return this.#base.newest(text) as V | undefined;
  }

  put<K extends Key, V>(table: Table<K, V>, key: K, value: V): void {
    assert(this.#open, "the stage is open");
    assert(value !== undefined, "a value is not undefined; use del");
    this.#values.set(encodeKey(table, key), value);
  }

  del<K extends Key, V>(table: Table<K, V>, key: K): void {
    assert(this.#open, "the stage is open");
    this.#values.set(encodeKey(table, key), undefined);
  }

  /** Reads one of the mesh's own keys (not of a table), as text. */
  rawGet(key: string): string | undefined {
    return this.#texts.has(key) ? this.#texts.get(key) : this.#base.newestText(key);
  }

  /** Writes one of the mesh's own keys; `undefined` deletes it. */
  raw(key: string, text: string | undefined): void {
    assert(this.#open, "the stage is open");
    this.#texts.set(key, text);
  }

  /** Called when the stage is abandoned, for what is cached outside of it. */
  onAbandon(listener: () => void): void {
    this.#abandonListeners.push(listener);
  }

  /** Throws everything away. Does nothing once the stage is committed or abandoned. */
  abandon(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#release();
    for (const listener of this.#abandonListeners) listener();
  }

  /** For `StateStore.commit`: every write, encoded. Changes nothing when it throws. */
  encode(): Map<string, StagedEntry> {
    const entries = new Map<string, StagedEntry>();
    for (const [key, value] of this.#values) {
      entries.set(key, value === undefined ? DELETED : { value, text: JSON.stringify(value) });
    }
    for (const [key, text] of this.#texts) {
      entries.set(key, text === undefined ? DELETED : { value: undefined, text });
    }
    return entries;
  }

  /** For `StateStore.commit`: no more writes. */
  seal(): void {
    this.#open = false;
    this.#release();
  }
}
