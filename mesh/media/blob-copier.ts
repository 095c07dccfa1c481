import { isObject } from "../../core/json.ts";
import type { Logger, Reader, Timers } from "../../core/ports.ts";
import { puts } from "../../core/tables.ts";
import type { TransactionRecord } from "../../core/transaction/records.ts";
import { isBlobHash } from "./blob-files.ts";
import type { BlobStore } from "./blob-store.ts";

/** Blobs that wait to be copied; what does not fit is found by another look at all records. */
const WANTED_MAX = 1000;
/** Media records read at once. */
const RECORDS_PER_READ = 500;
/** What could not be copied is tried again after this time, milliseconds: the box may have been busy. */
const AGAIN_MS = 30_000;

export interface BlobCopierDeps {
  readonly blobs: Pick<BlobStore, "has" | "fetch">;
  readonly reader: Reader;
  readonly timers: Timers;
  readonly logger: Logger;
}

/**
 * Copies to this disk what other boxes were given, one blob at a time, so that a lost card loses no
 * media. Told of each new record, and to look at all of them when a box comes into reach; what fails all
 * the same is tried again. What finds no room in its lists is found by looking at all records again.
 */
export class BlobCopier {
  readonly #deps: BlobCopierDeps;
  /** Sizes by hash, as the records tell them; 0 when not known. */
  readonly #wanted = new Map<string, number>();
  readonly #failed = new Map<string, number>();
  #again: { cancel(): void } | undefined;
  #copying: Promise<void> | undefined;
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  /** Look again as soon as the wanted ones were tried: another one found no room among them. */
  #lookThen = false;
  /** Look again when the failed ones are tried: another one found no room among them, or a look broke off. */
  #lookLater = false;
  #stopped = false;

  constructor(deps: BlobCopierDeps) {
    this.#deps = deps;
  }

  /** Wants the blob of a record that has just been applied, if it names one. */
  take(record: TransactionRecord): void {
    if (record.kind !== "put" || record.collection !== "media") return;
    const blob = blobOf(record.value);
    if (blob !== undefined) this.want(blob.hash, blob.sizeBytes);
  }

  /** Wants a blob that is not here, or was lost. */
  want(hash: string, sizeBytes = 0): void {
    if (this.#stopped) return;
    if (this.#wanted.size >= WANTED_MAX) {
      this.#lookThen = true;
      return;
    }
    this.#wanted.set(hash, sizeBytes);
    this.#copying ??= this.#copy();
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

  async #copy(): Promise<void> {
    for (const [hash, sizeBytes] of this.#wanted) {
      this.#wanted.delete(hash);
      await this.#tryFetch(hash, sizeBytes);
    }
    this.#copying = undefined;
    if (this.#lookThen) this.lookAtAll();
    this.#lookThen = false;
    // Only now: what fails again and again must not keep the wanted from coming to an end.
    this.#tryAgainLater();
  }

  async #tryFetch(hash: string, sizeBytes: number): Promise<void> {
    try {
      const isHere = await this.#deps.blobs.fetch(hash, sizeBytes);
      if (isHere) return;
      this.#deps.logger.debug({ hash }, "no box in reach has this blob yet");
    } catch (error) {
      this.#deps.logger.warn({ hash, err: error }, "a blob was not copied");
    }
    if (this.#failed.size < WANTED_MAX) this.#failed.set(hash, sizeBytes);
    else this.#lookLater = true;
  }

  #tryAgainLater(): void {
    if (this.#stopped || (this.#failed.size === 0 && !this.#lookLater)) return;
    this.#again ??= this.#deps.timers.after(AGAIN_MS, () => {
      this.#again = undefined;
      for (const [hash, sizeBytes] of this.#failed) this.want(hash, sizeBytes);
      this.#failed.clear();
      if (this.#lookLater) this.lookAtAll();
      this.#lookLater = false;
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
      this.#lookLater = true;
      this.#tryAgainLater();
    } finally {
      this.#looking = undefined;
    }
  }

  async #lookOnce(): Promise<void> {
    let after: string[] | undefined;
    for (;;) {
      const rows = await this.#records(after);
      for (const [key, { value }] of rows) {
        if (this.#stopped) return;
        after = key.slice(1);
        const blob = blobOf(value);
        if (blob === undefined || (await this.#isHere(blob.hash))) continue;
        // A long list is worked off before more is read.
        while (this.#wanted.size >= WANTED_MAX) await this.#copying;
        this.want(blob.hash, blob.sizeBytes);
      }
      if (rows.length < RECORDS_PER_READ) return;
    }
  }

  /** One page of media records. The copying in between takes hours: no snapshot is held that long. */
  async #records(after: string[] | undefined) {
    using snapshot = this.#deps.reader.snapshot();
    return await snapshot.range(puts, {
      prefix: ["media"],
      ...(after ? { after } : {}),
      limit: RECORDS_PER_READ,
    });
  }

  /** What the disk does not tell is wanted: fetching it fails, and is tried again later. */
  #isHere(hash: string): Promise<boolean> {
    return this.#deps.blobs.has(hash).catch(() => false);
  }
}

function blobOf(value: unknown): { readonly hash: string; readonly sizeBytes: number } | undefined {
  if (!isObject(value)) return undefined;
  const { hash, sizeBytes } = value;
  if (typeof hash !== "string" || !isBlobHash(hash)) return undefined;
  return { hash, sizeBytes: typeof sizeBytes === "number" ? sizeBytes : 0 };
}
