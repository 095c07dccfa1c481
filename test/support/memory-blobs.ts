import { createHash } from "node:crypto";
import type { BlobDraft, BlobFolder } from "../../mesh/media/blob-folder.ts";

/** What a disk does to content; each step may take its time, or fail. */
export interface MemoryBlobFaults {
  readonly freeBytes?: () => number;
  readonly beforeAppend?: () => Promise<void>;
  readonly beforeKeep?: () => Promise<void>;
  readonly afterKeep?: () => Promise<void>;
}

const PLENTY_BYTES = 2 ** 40;
const CHUNK_BYTES = 64 * 1024;

/** Content in memory, in a map that outlives it: whole from the moment it is kept. */
export class MemoryBlobs implements BlobFolder {
  readonly #kept: Map<string, Uint8Array>;
  readonly #faults: MemoryBlobFaults;
  readonly #drafts = new Set<BlobDraft>();

  constructor(kept: Map<string, Uint8Array> = new Map(), faults: MemoryBlobFaults = {}) {
    this.#kept = kept;
    this.#faults = faults;
  }

  /** Drafts that were neither kept nor discarded: open files, on a disk. */
  get draftsLeft(): number {
    return this.#drafts.size;
  }

  freeBytes(): Promise<number> {
    return Promise.resolve(this.#faults.freeBytes?.() ?? PLENTY_BYTES);
  }

  draft(): Promise<BlobDraft> {
    const chunks: Uint8Array[] = [];
    const sum = createHash("sha256");
    let sizeBytes = 0;
    const draft: BlobDraft = {
      get sizeBytes() {
        return sizeBytes;
      },
      hash: () => sum.copy().digest("hex"),
      append: async (bytes: Uint8Array) => {
        if (this.#faults.beforeAppend) await this.#faults.beforeAppend();
        chunks.push(Uint8Array.from(bytes));
        sum.update(bytes);
        sizeBytes += bytes.length;
      },
      keep: async (hash: string) => {
        await this.#faults.beforeKeep?.();
        this.#kept.set(hash, Buffer.concat(chunks));
        this.#drafts.delete(draft);
        await this.#faults.afterKeep?.();
      },
      discard: () => {
        this.#drafts.delete(draft);
        return Promise.resolve();
      },
    };
    this.#drafts.add(draft);
    return Promise.resolve(draft);
  }

  has(hash: string): Promise<boolean> {
    return Promise.resolve(this.#kept.has(hash));
  }

  async *list(): AsyncGenerator<string> {
    for (const hash of [...this.#kept.keys()].toSorted()) yield await Promise.resolve(hash);
  }

  read(hash: string, offset: number): Promise<AsyncIterable<Uint8Array> | undefined> {
    const bytes = this.#kept.get(hash);
    return Promise.resolve(bytes && inChunks(bytes.subarray(offset)));
  }

  remove(hash: string): Promise<void> {
    this.#kept.delete(hash);
    return Promise.resolve();
  }
}

async function* inChunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    yield await Promise.resolve(bytes.subarray(at, at + CHUNK_BYTES));
  }
}
