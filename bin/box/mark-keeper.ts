import type { Logger, Timers } from "../../core/ports.ts";
import type { Ledger } from "../../mesh/journal/ledger.ts";
import { markOf, writeMark } from "../../mesh/store/mark.ts";
import type { Store } from "../../mesh/store/store.ts";

/** An SD card wears: the mark is written at most this often, milliseconds. */
const MARK_INTERVAL_MS = 60_000;

/** Keeps the second opinion on the store current: some time after a change, and at the end. */
export class MarkKeeper {
  readonly #home: string;
  readonly #store: Store;
  readonly #timers: Timers;
  readonly #logger: Logger;
  #timer: { cancel(): void } | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(home: string, store: Store, ledger: Ledger, timers: Timers, logger: Logger) {
    this.#home = home;
    this.#store = store;
    this.#timers = timers;
    this.#logger = logger;
    ledger.onFlushed(() => {
      this.#timer ??= this.#timers.after(MARK_INTERVAL_MS, () => void this.#next());
    });
  }

  /** Writes the last mark, once nothing more is written to the store. */
  async stop(): Promise<void> {
    await this.#next();
  }

  /** One after the other: two would write the same draft. */
  #next(): Promise<void> {
    this.#running = this.#running.then(() => this.#write());
    return this.#running;
  }

  async #write(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    try {
      await writeMark(this.#home, markOf(this.#store));
    } catch (error) {
      this.#logger.warn({ err: error }, "the mark of the store was not written");
    }
  }
}
