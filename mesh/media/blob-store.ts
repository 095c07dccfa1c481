import { createHash } from "node:crypto";
import { diskTroubleOf, DiskFullError, TROUBLE_TEXTS } from "../store/disk-trouble.ts";
import { tooLarge, unavailable } from "../../core/errors.ts";
import type { Blobs, Logger } from "../../core/ports.ts";
import { isBlobHash } from "./blob-files.ts";
import type { BlobDraft, BlobFolder } from "./blob-folder.ts";

/** No media is taken while less than this is free: the store needs the room more. */
const DISK_RESERVE_BYTES = 256 * 1024 * 1024;
/** Tries to fetch one blob, each from where the one before stopped, before it counts as out of reach. */
const FETCH_ATTEMPTS_MAX = 8;
/** Unfinished fetches kept for resuming; each is one open file. */
const UNFINISHED_MAX = 16;

/**
 * Bytes of a blob from another box, from `offset` on. Undefined when no further box can be asked.
 * `attempt` counts from 0, so that each failure can go to another box. A stream that is cut must throw.
 */
export type FetchBlob = (
  hash: string,
  offset: number,
  attempt: number,
) => AsyncIterable<Uint8Array> | undefined;

export interface BlobStoreOptions {
  /** Largest blob taken from another box, bytes. */
  readonly sizeBytesMax: number;
  readonly fetchFrom: FetchBlob;
  readonly logger: Logger;
}

/** Media by the hash of its content, on this disk, or fetched from another box when asked for. */
export class BlobStore implements Blobs {
  readonly #files: BlobFolder;
  readonly #options: BlobStoreOptions;
  readonly #fetching = new Map<string, Promise<boolean>>();
  readonly #unfinished = new Map<string, BlobDraft>();

  constructor(files: BlobFolder, options: BlobStoreOptions) {
    this.#files = files;
    this.#options = options;
  }

  async write(
    body: AsyncIterable<Uint8Array>,
    sizeBytesMax: number,
  ): Promise<{ readonly hash: string; readonly sizeBytes: number }> {
    await this.#checkReserve();
    const draft = await this.#files.draft().catch(asTrouble);
    try {
      for await (const chunk of body) {
        if (draft.sizeBytes + chunk.length > sizeBytesMax) {
          throw tooLarge(`content may have ${sizeBytesMax} bytes at most`);
        }
        await draft.append(chunk);
      }
      const hash = draft.hash();
      await draft.keep(hash);
      return { hash, sizeBytes: draft.sizeBytes };
    } catch (error) {
      await draft.discard().catch(() => undefined);
      return asTrouble(error);
    }
  }

  /** Is it on this disk? */
  has(hash: string): Promise<boolean> {
    return this.#files.has(hash);
  }

  /** The hashes of everything on this disk, sorted. */
  list(): AsyncIterable<string> {
    return this.#files.list();
  }

  async read(hash: string): Promise<AsyncIterable<Uint8Array> | undefined> {
    if (!isBlobHash(hash) || !(await this.fetch(hash))) return undefined;
    const bytes = await this.#files.read(hash, 0);
    return bytes && this.#verified(hash, bytes);
  }

  /**
   * Reads what is on this disk, and yields bytes read. Returns false when it was damaged: then it is
   * removed, like what a reader finds damaged.
   */
  async *check(hash: string): AsyncGenerator<number, boolean> {
    // What is wrong only once was wrong on its way here.
    for (let look = 0; look < 2; look++) {
      const bytes = await this.#files.read(hash, 0);
      if (bytes === undefined) return true;
      const sum = createHash("sha256");
      for await (const chunk of bytes) {
        sum.update(chunk);
        yield chunk.length;
      }
      if (sum.digest("hex") === hash) return true;
    }
    await this.#removeDamaged(hash);
    return false;
  }

  /** For another box: what is on this disk, from `offset` on. The asker checks the hash. */
  readLocal(hash: string, offset: number): Promise<AsyncIterable<Uint8Array> | undefined> {
    return this.#files.read(hash, offset);
  }

  /** Brings a blob to this disk. Resolves false when no box in reach has it whole. */
  async fetch(hash: string): Promise<boolean> {
    if (!isBlobHash(hash)) return false;
    if (await this.#files.has(hash)) return true;
    const running = this.#fetching.get(hash);
    if (running !== undefined) return await running;
    const fetching = this.#fetch(hash)
      .catch(asTrouble)
      .finally(() => this.#fetching.delete(hash));
    this.#fetching.set(hash, fetching);
    return await fetching;
  }

  /** Closes what is unfinished. */
  async close(): Promise<void> {
    await Promise.allSettled(this.#fetching.values());
    await Promise.all([...this.#unfinished.values()].map((draft) => draft.discard()));
    this.#unfinished.clear();
  }

  async #fetch(hash: string): Promise<boolean> {
    await this.#checkReserve();
    let draft = this.#unfinished.get(hash);
    this.#unfinished.delete(hash);
    for (let attempt = 0; attempt < FETCH_ATTEMPTS_MAX; attempt++) {
      const stream = this.#options.fetchFrom(hash, draft?.sizeBytes ?? 0, attempt);
      if (stream === undefined) break;
      draft ??= await this.#files.draft();
      if (!(await this.#fill(draft, stream))) continue;
      if (draft.hash() === hash) {
        await draft.keep(hash);
        return true;
      }
      this.#options.logger.warn({ hash, attempt }, "another box sent other content than asked for");
      await draft.discard();
      draft = undefined;
    }
    if (draft !== undefined) await this.#remember(hash, draft);
    return false;
  }

  /** False when the stream broke: what came before it stays. */
  async #fill(draft: BlobDraft, stream: AsyncIterable<Uint8Array>): Promise<boolean> {
    const chunks = stream[Symbol.asyncIterator]();
    for (;;) {
      let next;
      try {
        next = await chunks.next();
      } catch {
        return false;
      }
      if (next.done) return true;
      if (draft.sizeBytes + next.value.length > this.#options.sizeBytesMax) {
        await chunks.return?.();
        return true;
      }
      await draft.append(next.value);
    }
  }

  async #remember(hash: string, draft: BlobDraft): Promise<void> {
    this.#unfinished.set(hash, draft);
    for (const [oldest, forgotten] of this.#unfinished) {
      if (this.#unfinished.size <= UNFINISHED_MAX) break;
      this.#unfinished.delete(oldest);
      await forgotten.discard();
    }
  }

  /**
   * Passes the bytes on one chunk late: the last one only once the hash is right, so that nobody takes
   * damaged content for whole. The damaged file goes, and the next reader gets it from another box.
   */
  async *#verified(expected: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const hash = createHash("sha256");
    let held: Uint8Array | undefined;
    for await (const chunk of bytes) {
      if (held !== undefined) yield held;
      hash.update(chunk);
      held = chunk;
    }
    if (hash.digest("hex") !== expected) {
      await this.#removeDamaged(expected);
      throw unavailable("The stored content is damaged; another copy will be fetched.");
    }
    if (held !== undefined) yield held;
  }

  async #removeDamaged(hash: string): Promise<void> {
    this.#options.logger.warn({ hash }, "stored content is damaged and was removed");
    await this.#files.remove(hash);
  }

  async #checkReserve(): Promise<void> {
    if ((await this.#files.freeBytes()) < DISK_RESERVE_BYTES) {
      throw unavailable(TROUBLE_TEXTS.full, new DiskFullError());
    }
  }
}

/** A disk that refuses is not the client's fault: it may try again, here or elsewhere. */
function asTrouble(error: unknown): never {
  const trouble = diskTroubleOf(error);
  throw trouble ? unavailable(TROUBLE_TEXTS[trouble], error) : error;
}
