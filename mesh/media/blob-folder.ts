/** Content being written, hashed on the way: it is filled, and then kept under its hash or discarded. */
export interface BlobDraft {
  readonly sizeBytes: number;
  /** The hash of what was written so far. */
  hash(): string;
  append(bytes: Uint8Array): Promise<void>;
  /** Gives it its name, which somebody has checked. Resolves when it is there for good. */
  keep(hash: string): Promise<void>;
  discard(): Promise<void>;
}

/** Content of this box under its hash, each whole from the moment it has its name. */
export interface BlobFolder {
  /** Bytes that the disk has room for. */
  freeBytes(): Promise<number>;
  draft(): Promise<BlobDraft>;
  has(hash: string): Promise<boolean>;
  /** All hashes, sorted. */
  list(): AsyncIterable<string>;
  /** The bytes from `offset` on, as they are on disk; undefined when there is no such content. */
  read(hash: string, offset: number): Promise<AsyncIterable<Uint8Array> | undefined>;
  remove(hash: string): Promise<void>;
}
