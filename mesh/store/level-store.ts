import { readdir, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Level } from "level";
import { assert, unavailable } from "../../core/errors.ts";
import { corruptionIn, DiskFullError, TROUBLE_TEXTS } from "./disk-trouble.ts";
import { tryToWrite } from "./durable-file.ts";
import type { Store, StoreOp, StoreRange, StoreSnapshot } from "./store.ts";

const MIB = 1024 * 1024;
/** Twice LevelDB's default: half the level-0 files, so fewer bytes rewritten on an SD card. Two may be in memory. */
const WRITE_BUFFER_BYTES = 8 * MIB;
/** Uncompressed blocks kept; hot values are kept decoded above the store. */
const BLOCK_CACHE_BYTES = 16 * MIB;
/** Table files kept open; with the file size below it covers 2 GiB and stays far from `ulimit -n` 1024. */
const OPEN_FILES_MAX = 512;
/** Twice the default, for half the files. */
const TABLE_FILE_BYTES = 4 * MIB;
/** Writes stop while less than this is free: LevelDB needs room to open and compact, and so does the owner to clean up. */
export const DISK_RESERVE_BYTES = 64 * MIB;

export interface LevelStoreOptions {
  /** Free bytes of the disk that holds `path`. */
  readonly freeBytes?: (path: string) => Promise<number>;
  /** Rejects when nothing can be written to a folder. */
  readonly tryToWrite?: (folder: string) => Promise<void>;
}

export async function freeBytesOf(path: string): Promise<number> {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
}

/** Opens, or makes, the store at `path`. Rejects when LevelDB cannot make sense of what is there. */
export async function openLevelStore(
  path: string,
  options: LevelStoreOptions = {},
): Promise<LevelStore> {
  const db = new Level<string, string>(path, {
    keyEncoding: "utf8",
    valueEncoding: "utf8",
    writeBufferSize: WRITE_BUFFER_BYTES,
    cacheSize: BLOCK_CACHE_BYTES,
    maxOpenFiles: OPEN_FILES_MAX,
    maxFileSize: TABLE_FILE_BYTES,
  });
  await db.open();
  return new LevelStore(db, { freeBytes: freeBytesOf, tryToWrite, ...options });
}

/** In Node `level` is classic-level, whose `repair` its types leave out. */
const Repairable = Level as typeof Level & { repair(path: string): Promise<void> };

/** Makes what is readable of a damaged store openable. Loses the rest for good. */
export async function repairLevelStore(path: string): Promise<void> {
  await Repairable.repair(path);
}

/**
 * LevelDB as a store. After a failed write its log is in an unknown state, and only opening anew settles
 * what is in it. That takes room on the disk: until there is some, the open handle answers reads, with
 * what was there before the write. Once it is open anew, what the failed write left is undone, so that
 * nothing appears that readers have been told is not there.
 */
export class LevelStore implements Store {
  readonly #db: Level<string, string>;
  readonly #options: Required<LevelStoreOptions>;
  #reopening: Promise<void> | undefined;
  /** What each key of a write that failed held before, until it is certain that nothing of it is there. */
  #doubtful: ReadonlyMap<string, string | undefined> | undefined;
  #onRot: ((what: string) => void) | undefined;
  #closed = false;

  constructor(db: Level<string, string>, options: Required<LevelStoreOptions>) {
    this.#db = db;
    this.#options = options;
  }

  /** Told of each read, write or merge that came upon something that LevelDB did not write. */
  onRot(listener: (what: string) => void): void {
    this.#onRot = listener;
  }

  get(key: string): string | undefined {
    try {
      this.#assertSettled();
      return this.#db.getSync(key);
    } catch (error) {
      throw this.#unreadable(error);
    }
  }

  async range(range: StoreRange): Promise<[string, string][]> {
    try {
      this.#assertSettled();
      return await this.#db.iterator(range).all();
    } catch (error) {
      throw this.#unreadable(error);
    }
  }

  snapshot(): StoreSnapshot {
    const db = this.#db;
    const unreadable = (error: unknown): Error => this.#unreadable(error);
    if (db.status !== "open" || this.#reopening) throw unreadable(undefined);
    const snapshot = db.snapshot();
    const readOptions = { snapshot };
    let open = true;
    const assertOpen = (): void => assert(open, "the snapshot is open");
    const close = (): void => {
      open = false;
      // Closing only fails when the store itself is closing, which closes the snapshot.
      snapshot.close().catch(() => undefined);
    };
    return {
      get(key) {
        assertOpen();
        try {
          return db.getSync(key, readOptions);
        } catch (error) {
          throw unreadable(error);
        }
      },
      async range(range) {
        assertOpen();
        try {
          return await db.iterator({ ...range, snapshot }).all();
        } catch (error) {
          throw unreadable(error);
        }
      },
      close,
      [Symbol.dispose]: close,
    };
  }

  async batch(ops: readonly StoreOp[]): Promise<void> {
    await this.#mend();
    await this.#checkReserve();
    try {
      await this.#db.batch([...ops], { sync: true });
    } catch (error) {
      this.#lookForRot(error);
      if (this.#db.status === "open") await this.#doubt(ops);
      // Where it cannot be mended now, the next write tries again.
      await this.#mend().catch(() => undefined);
      throw error;
    }
  }

  async sizeBytes(): Promise<number> {
    const path = this.#db.location;
    const sizes = await Promise.all(
      (await readdir(path)).map((name) =>
        // Compaction deletes files at any time.
        stat(join(path, name)).then(
          (file) => file.size,
          () => 0,
        ),
      ),
    );
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#reopening?.catch(() => undefined);
    await this.#db.close();
  }

  #lookForRot(error: unknown): void {
    const what = corruptionIn(error);
    if (what !== undefined) this.#onRot?.(what);
  }

  /** While the store is opened anew it may show a write that is undone a moment later. */
  #assertSettled(): void {
    if (this.#reopening) throw new Error("the store is being opened anew");
  }

  #unreadable(cause: unknown): Error {
    this.#lookForRot(cause);
    // A store that could not be opened again is tried at each read, so that it heals without a restart.
    if (this.#db.status !== "open" && !this.#closed) this.#reopen().catch(() => undefined);
    return unavailable("This box cannot read its disk at the moment.", cause);
  }

  /** LevelDB shows nothing of a write that failed, as long as it is open. */
  async #doubt(ops: readonly StoreOp[]): Promise<void> {
    try {
      this.#doubtful = new Map(ops.map(({ key }) => [key, this.#db.getSync(key)]));
    } catch {
      // What cannot be undone must not be hidden first: nobody reads until the store is open anew.
      await this.#db.close();
    }
  }

  /** Makes the store writable again; rejects, and leaves it readable where it is, while the disk refuses. */
  async #mend(): Promise<void> {
    if (this.#db.status !== "open") return await this.#reopen();
    if (this.#doubtful === undefined) return;
    const { freeBytes, tryToWrite: attempt } = this.#options;
    if ((await freeBytes(this.#db.location)) < DISK_RESERVE_BYTES) throw full();
    await attempt(dirname(this.#db.location));
    await this.#reopen();
  }

  #reopen(): Promise<void> {
    this.#reopening ??= (async () => {
      try {
        await this.#db.close();
        if (this.#closed) return;
        await this.#db.open();
        await this.#undo();
      } finally {
        this.#reopening = undefined;
      }
    })();
    return this.#reopening;
  }

  async #undo(): Promise<void> {
    const before = [...(this.#doubtful ?? [])];
    try {
      const changed = before.filter(([key, value]) => this.#db.getSync(key) !== value);
      const ops = changed.map(([key, value]) =>
        value === undefined
          ? ({ type: "del", key } as const)
          : ({ type: "put", key, value } as const),
      );
      if (ops.length > 0) await this.#db.batch(ops, { sync: true });
      this.#doubtful = undefined;
    } catch (error) {
      // Better no answers than answers with what may be undone a moment later.
      await this.#db.close();
      throw error;
    }
  }

  /** Before each write, since others may fill the disk at any time: a look takes microseconds. */
  async #checkReserve(): Promise<void> {
    if ((await this.#options.freeBytes(this.#db.location)) < DISK_RESERVE_BYTES) throw full();
  }
}

function full(): Error {
  return unavailable(TROUBLE_TEXTS.full, new DiskFullError());
}
