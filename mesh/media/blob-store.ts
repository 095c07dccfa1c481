import { createHash } from "node:crypto";
import { diskTroubleOf, DiskFullError, TROUBLE_TEXTS } from "../store/disk-trouble.ts";
import { tooLarge, unavailable } from "../../core/errors.ts";
import type { MatrixError } from "../../core/errors.ts";
import type { Blobs, Logger } from "../../core/ports.ts";
import { isBlobHash } from "./blob-files.ts";
import type { BlobDraft, BlobFolder } from "./blob-folder.ts";

/** No media is taken while less than this is free: the store needs the room more. */
export const DISK_RESERVE_BYTES = 256 * 1024 * 1024;
/** Bytes written between two looks at what is free: several are written at once, and the store grows too. */
const RESERVE_CHECK_BYTES = 4 * 1024 * 1024;
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

/** One reading of a file by `check`; stale when content was given that name meanwhile. */
interface Look {
  readonly hash: string;
  isStale: boolean;
}

/** Media by the hash of its content, on this disk, or fetched from another box when asked for. */
export class BlobStore implements Blobs {
  readonly #files: BlobFolder;
  readonly #options: BlobStoreOptions;
  readonly #fetching = new Map<string, Promise<boolean>>();
  readonly #unfinished = new Map<string, BlobDraft>();
  readonly #looks = new Set<Look>();
  readonly #keeping = new Set<string>();
  readonly #lostListeners: ((hash: string) => void)[] = [];

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
        await this.#append(draft, chunk);
      }
      const hash = draft.hash();
      await this.#keep(draft, hash);
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

  /** Tells of content that was here and had to be removed. */
  onLost(listener: (hash: string) => void): void {
    this.#lostListeners.push(listener);
  }

  /** Reads what is on this disk, and yields bytes read. Returns false when it was damaged and was removed. */
  async *check(hash: string): AsyncGenerator<number, boolean> {
    const look: Look = { hash, isStale: false };
    this.#looks.add(look);
    try {
      // What is wrong only once was wrong on its way here.
      for (let times = 0; times < 2; times++) {
        look.isStale = false;
        const bytes = await this.#files.read(hash, 0);
        if (bytes === undefined) return true;
        const sum = createHash("sha256");
        for await (const chunk of bytes) {
          sum.update(chunk);
          yield chunk.length;
        }
        if (sum.digest("hex") === hash) return true;
      }
      // What was read may have been the file before, whose place a whole one takes.
      if (look.isStale || this.#keeping.has(hash)) return true;
      await this.#removeDamaged(hash);
      return false;
    } finally {
      this.#looks.delete(look);
    }
  }

  /** For another box: what is on this disk, from `offset` on. The asker checks the hash. */
  readLocal(hash: string, offset: number): Promise<AsyncIterable<Uint8Array> | undefined> {
    return this.#files.read(hash, offset);
  }

  /**
   * Brings a blob to this disk. Resolves false when no box in reach has it whole. With its size it is not
   * begun where it does not fit.
   */
  async fetch(hash: string, sizeBytes = 0): Promise<boolean> {
    if (!isBlobHash(hash)) return false;
    if (await this.#files.has(hash)) return true;
    const running = this.#fetching.get(hash);
    if (running !== undefined) return await running;
    const fetching = this.#fetch(hash, sizeBytes)
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

  async #fetch(hash: string, sizeBytes: number): Promise<boolean> {
    const partBytes = this.#unfinished.get(hash)?.sizeBytes ?? 0;
    await this.#checkReserve(Math.max(0, sizeBytes - partBytes));
    let draft = this.#unfinished.get(hash);
    this.#unfinished.delete(hash);
    try {
      for (let attempt = 0; attempt < FETCH_ATTEMPTS_MAX; attempt++) {
        const stream = this.#options.fetchFrom(hash, draft?.sizeBytes ?? 0, attempt);
        if (stream === undefined) break;
        draft ??= await this.#files.draft();
        if (!(await this.#fill(draft, stream))) continue;
        if (draft.hash() === hash) {
          await this.#keep(draft, hash);
          return true;
        }
        this.#options.logger.warn(
          { hash, attempt },
          "another box sent other content than asked for",
        );
        await draft.discard();
        draft = undefined;
      }
    } catch (error) {
      // How much of it a disk that refuses has written is not known: it cannot be gone on with.
      await draft?.discard().catch(() => undefined);
      throw error;
    }
    if (draft !== undefined) await this.#remember(hash, draft);
    return false;
  }

  /** False when the stream broke: what came before it stays. Throws when the disk takes no more. */
  async #fill(draft: BlobDraft, stream: AsyncIterable<Uint8Array>): Promise<boolean> {
    const chunks = stream[Symbol.asyncIterator]();
    try {
      for (;;) {
        const next = await chunks.next().catch(() => undefined);
        if (next === undefined) return false;
        if (next.done) return true;
        if (draft.sizeBytes + next.value.length > this.#options.sizeBytesMax) return true;
        await this.#append(draft, next.value);
      }
    } finally {
      // The other box need not send what nobody takes.
      await chunks.return?.().catch(() => undefined);
    }
  }

  async #append(draft: BlobDraft, bytes: Uint8Array): Promise<void> {
    const before = Math.floor(draft.sizeBytes / RESERVE_CHECK_BYTES);
    const after = Math.floor((draft.sizeBytes + bytes.length) / RESERVE_CHECK_BYTES);
    if (before !== after) await this.#checkReserve();
    await draft.append(bytes);
  }

  async #keep(draft: BlobDraft, hash: string): Promise<void> {
    this.#keeping.add(hash);
    try {
      await draft.keep(hash);
    } finally {
      this.#keeping.delete(hash);
      for (const look of this.#looks) if (look.hash === hash) look.isStale = true;
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
   * damaged content for whole.
   */
  async *#verified(expected: string, bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const hash = createHash("sha256");
    let held: Uint8Array | undefined;
    for await (const chunk of bytes) {
      if (held !== undefined) yield held;
      hash.update(chunk);
      held = chunk;
    }
    if (hash.digest("hex") !== expected) throw await this.#mismatch(expected);
    if (held !== undefined) yield held;
  }

  /**
   * What a reader is told who got other bytes. The file as it is now is looked at: one reading may go
   * wrong, or have begun before a whole copy took the place of a damaged one.
   */
  async #mismatch(hash: string): Promise<MatrixError> {
    try {
      const check = this.check(hash);
      let step = await check.next();
      while (!step.done) step = await check.next();
      if (!step.value)
        return unavailable("The stored content is damaged; another copy will be fetched.");
    } catch (error) {
      this.#options.logger.warn({ hash, err: error }, "content read wrongly could not be checked");
    }
    return unavailable("The stored content was read wrongly; ask for it again.");
  }

  async #removeDamaged(hash: string): Promise<void> {
    await this.#files.remove(hash);
    this.#options.logger.warn({ hash }, "stored content is damaged and was removed");
    for (const listener of this.#lostListeners) listener(hash);
  }

  async #checkReserve(neededBytes = 0): Promise<void> {
    if ((await this.#files.freeBytes()) < DISK_RESERVE_BYTES + neededBytes) {
      throw unavailable(TROUBLE_TEXTS.full, new DiskFullError());
    }
  }
}

/** A disk that refuses is not the client's fault: it may try again, here or elsewhere. */
function asTrouble(error: unknown): never {
  const trouble = diskTroubleOf(error);
  throw trouble ? unavailable(TROUBLE_TEXTS[trouble], error) : error;
}
