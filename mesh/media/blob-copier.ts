import { isObject } from "../../core/json.ts";
import type { Logger, Reader, Timers } from "../../core/ports.ts";
import { puts } from "../../core/tables.ts";
import type { TransactionRecord } from "../../core/transaction/records.ts";
import { isBlobHash } from "./blob-files.ts";
import type { BlobStore } from "./blob-store.ts";

/** Blobs that wait to be copied; what does not fit is found by the next look at all records. */
const WANTED_MAX = 1000;
/** Media records read at once. */
const RECORDS_PER_READ = 500;
/** What could not be copied is tried again after this time, milliseconds: the box may have been busy. */
const AGAIN_MS = 30_000;

export interface BlobCopierDeps {
  readonly blobs: BlobStore;
  readonly reader: Reader;
  readonly timers: Timers;
  readonly logger: Logger;
}

/**
 * Copies to this disk what other boxes were given, one blob at a time, so that a lost card loses no
 * media. Told of each new record, and to look at all of them when a box comes into reach; what fails all
 * the same is tried again.
 */
export class BlobCopier {
  readonly #deps: BlobCopierDeps;
  readonly #wanted = new Set<string>();
  readonly #failed = new Set<string>();
  #again: { cancel(): void } | undefined;
  #copying: Promise<void> | undefined;
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  #stopped = false;

  constructor(deps: BlobCopierDeps) {
    this.#deps = deps;
  }

  /** Wants the blob of a record that has just been applied, if it names one. */
  take(record: TransactionRecord): void {
    if (record.kind !== "put" || record.collection !== "media") return;
    const hash = hashOf(record.value);
    if (hash !== undefined) this.#want(hash);
  }

  /** Wants every blob that is known and not here. */
  lookAtAll(): void {
    this.#lookAgain = true;
    this.#looking ??= this.#look();
  }

  /** Resolves when there is nothing left to try. */
  async settled(): Promise<void> {
    while (this.#looking ?? this.#copying) await (this.#looking ?? this.#copying);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#again?.cancel();
    this.#wanted.clear();
    await this.settled();
  }

  #want(hash: string): void {
    if (this.#stopped || this.#wanted.size >= WANTED_MAX) return;
    this.#wanted.add(hash);
    this.#copying ??= this.#copy();
  }

  async #copy(): Promise<void> {
    for (const hash of this.#wanted) {
      this.#wanted.delete(hash);
      await this.#tryFetch(hash);
    }
    this.#copying = undefined;
  }

  async #tryFetch(hash: string): Promise<void> {
    try {
      const isHere = await this.#deps.blobs.fetch(hash);
      if (isHere) return;
      this.#deps.logger.debug({ hash }, "no box in reach has this blob yet");
    } catch (error) {
      this.#deps.logger.warn({ hash, err: error }, "a blob was not copied");
    }
    this.#tryLater(hash);
  }

  #tryLater(hash: string): void {
    if (this.#stopped) return;
    if (this.#failed.size < WANTED_MAX) this.#failed.add(hash);
    this.#again ??= this.#deps.timers.after(AGAIN_MS, () => {
      this.#again = undefined;
      for (const failed of this.#failed) this.#want(failed);
      this.#failed.clear();
    });
  }

  async #look(): Promise<void> {
    // Links that are up are told of one by one: one look for all of them.
    await Promise.resolve();
    try {
      while (this.#lookAgain && !this.#stopped) {
        this.#lookAgain = false;
        await this.#lookOnce();
      }
    } catch (error) {
      this.#deps.logger.warn({ err: error }, "the media records were not read");
    } finally {
      this.#looking = undefined;
    }
  }

  async #lookOnce(): Promise<void> {
    using snapshot = this.#deps.reader.snapshot();
    let after: string[] | undefined;
    for (;;) {
      const rows = await snapshot.range(puts, {
        prefix: ["media"],
        ...(after ? { after } : {}),
        limit: RECORDS_PER_READ,
      });
      for (const [key, { value }] of rows) {
        after = key.slice(1);
        const hash = hashOf(value);
        if (hash === undefined || (await this.#deps.blobs.has(hash))) continue;
        this.#want(hash);
        // A long list is worked off before more is read.
        if (this.#wanted.size >= WANTED_MAX) await this.#copying;
        if (this.#stopped) return;
      }
      if (rows.length < RECORDS_PER_READ) return;
    }
  }
}

function hashOf(value: unknown): string | undefined {
  const hash = isObject(value) ? value["hash"] : undefined;
  return typeof hash === "string" && isBlobHash(hash) ? hash : undefined;
}
