import { rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder } from "./durable-file.ts";
import { DISK_RESERVE_BYTES, freeBytesOf, openLevelStore } from "./level-store.ts";
import type { LevelStoreOptions } from "./level-store.ts";
import { markPath } from "./mark.ts";
import type { Store } from "./store.ts";

/** What a copy takes beyond the size of its source, while LevelDB sorts it: a quarter. */
const GROWTH_TIMES = 1.25;
const MIB = 1024 * 1024;

export function storePath(home: string): string {
  return join(home, "store");
}

/** A store that is being filled. Found at a start, it is thrown away. */
function incomingPath(home: string): string {
  return join(home, "store.incoming");
}

/** A store that is whole, to take the place of the old one. Found at a start, it does. */
function readyPath(home: string): string {
  return join(home, "store.ready");
}

/** The folder of a home in which a copy of another box's store grows: `SpareStore`. */
export class SpareFolder {
  readonly #home: string;
  readonly #options: LevelStoreOptions;

  constructor(home: string, options: LevelStoreOptions = {}) {
    this.#home = home;
    this.#options = options;
  }

  async begin(bytes: number): Promise<Store> {
    const { freeBytes = freeBytesOf } = this.#options;
    await this.discard();
    const needed = Math.ceil(bytes * GROWTH_TIMES) + DISK_RESERVE_BYTES;
    const free = await freeBytes(this.#home);
    if (free < needed) {
      throw new Error(
        `the disk has ${toMib(free)} MiB free, and copying everything takes ${toMib(needed)}`,
      );
    }
    return openLevelStore(incomingPath(this.#home), this.#options);
  }

  async discard(): Promise<void> {
    await rm(incomingPath(this.#home), { recursive: true, force: true });
  }

  async swap(): Promise<void> {
    await rename(incomingPath(this.#home), readyPath(this.#home));
    await syncFolder(this.#home);
    await finishSwap(this.#home);
  }
}

/** Ends what a crash interrupted, in either direction. Call it before the store is opened. */
export async function finishSwap(home: string): Promise<void> {
  await rm(incomingPath(home), { recursive: true, force: true });
  if (!(await exists(readyPath(home)))) return;
  await rm(storePath(home), { recursive: true, force: true });
  // The mark is one of the old store.
  await rm(markPath(home), { force: true });
  await syncFolder(home);
  await rename(readyPath(home), storePath(home));
  await syncFolder(home);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

function toMib(bytes: number): number {
  return Math.ceil(bytes / MIB);
}
