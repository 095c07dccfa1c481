import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { syncFolder } from "../store/durable-file.ts";
import { freeBytesOf } from "../store/level-store.ts";
import type { BlobDraft, BlobFolder } from "./blob-folder.ts";

/** Bytes read from disk at once. */
const READ_BYTES = 64 * 1024;
const HASH = /^[0-9a-f]{64}$/;

export function isBlobHash(text: string): boolean {
  return HASH.test(text);
}

async function unlessMissing<T>(result: Promise<T>): Promise<T | undefined> {
  try {
    return await result;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Files under their hash in `DIR/ab/cd/`, each whole from the moment it has its name. What is being
 * written lies in `DIR/partial/`, which a start empties.
 */
export class BlobFiles implements BlobFolder {
  readonly #folder: string;
  readonly #freeBytes: (path: string) => Promise<number>;
  #drafts = 0;

  private constructor(folder: string, freeBytes: (path: string) => Promise<number>) {
    this.#folder = folder;
    this.#freeBytes = freeBytes;
  }

  static async open(folder: string, freeBytes = freeBytesOf): Promise<BlobFiles> {
    const files = new BlobFiles(folder, freeBytes);
    await rm(join(folder, "partial"), { recursive: true, force: true });
    await mkdir(join(folder, "partial"), { recursive: true });
    await syncFolder(folder);
    return files;
  }

  freeBytes(): Promise<number> {
    return this.#freeBytes(this.#folder);
  }

  #pathOf(hash: string): string {
    return join(this.#folder, hash.slice(0, 2), hash.slice(2, 4), hash);
  }

  async has(hash: string): Promise<boolean> {
    return isBlobHash(hash) && (await unlessMissing(stat(this.#pathOf(hash)))) !== undefined;
  }

  async *list(): AsyncGenerator<string> {
    for (const first of await this.#names("")) {
      if (!/^[0-9a-f]{2}$/.test(first)) continue;
      for (const second of await this.#names(first)) {
        for (const hash of await this.#names(join(first, second))) if (isBlobHash(hash)) yield hash;
      }
    }
  }

  async draft(): Promise<BlobDraft> {
    const path = join(this.#folder, "partial", String(this.#drafts++));
    return new FileDraft(path, await open(path, "wx", 0o600), (hash) => this.#name(path, hash));
  }

  async #name(partial: string, hash: string): Promise<void> {
    const path = this.#pathOf(hash);
    const made = await mkdir(dirname(path), { recursive: true });
    await rename(partial, path);
    await syncFolder(dirname(path));
    if (made !== undefined) {
      await syncFolder(dirname(dirname(path)));
      await syncFolder(this.#folder);
    }
  }

  async remove(hash: string): Promise<void> {
    await rm(this.#pathOf(hash), { force: true });
  }

  async read(hash: string, offset: number): Promise<AsyncGenerator<Uint8Array> | undefined> {
    if (!(await this.has(hash))) return undefined;
    return readFrom(this.#pathOf(hash), offset);
  }

  async #names(folder: string): Promise<string[]> {
    return ((await unlessMissing(readdir(join(this.#folder, folder)))) ?? []).toSorted();
  }
}

async function* readFrom(path: string, offset: number): AsyncGenerator<Uint8Array> {
  const file = await open(path, "r");
  try {
    for (let at = offset; ;) {
      const { bytesRead, buffer } = await file.read(
        Buffer.allocUnsafe(READ_BYTES),
        0,
        READ_BYTES,
        at,
      );
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

class FileDraft implements BlobDraft {
  readonly #path: string;
  readonly #file: FileHandle;
  readonly #name: (hash: string) => Promise<void>;
  readonly #hash: Hash = createHash("sha256");
  #sizeBytes = 0;

  constructor(path: string, file: FileHandle, name: (hash: string) => Promise<void>) {
    this.#path = path;
    this.#file = file;
    this.#name = name;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  hash(): string {
    return this.#hash.copy().digest("hex");
  }

  async append(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const { bytesWritten } = await this.#file.write(bytes, at);
      at += bytesWritten;
    }
    this.#hash.update(bytes);
    this.#sizeBytes += bytes.length;
  }

  async keep(hash: string): Promise<void> {
    await this.#file.sync();
    await this.#file.close();
    await this.#name(hash);
  }

  async discard(): Promise<void> {
    // Closed already when keeping it failed half-way.
    await this.#file.close().catch(() => undefined);
    await rm(this.#path, { force: true });
  }
}
