/**
 * The port that the mesh stands on: ordered text keys and text values, written in atomic batches.
 * `level-store.ts` is the real one, `memory-store.ts` the one of the simulation;
 * `test/conformance/store/` holds both to the same behaviour.
 */
export type StoreOp =
  | { readonly type: "put"; readonly key: string; readonly value: string }
  | { readonly type: "del"; readonly key: string };

/** Bounds in the order of the keys' UTF-8 bytes. */
export interface StoreRange {
  readonly gt?: string;
  readonly gte?: string;
  readonly lt?: string;
  readonly lte?: string;
  readonly reverse?: boolean;
  /** Most rows returned. */
  readonly limit: number;
}

/** The store at one moment, untouched by later batches. Close it: it keeps old files alive. */
export interface StoreSnapshot extends Disposable {
  get(key: string): string | undefined;
  range(range: StoreRange): Promise<[key: string, value: string][]>;
  close(): void;
}

export interface Store {
  get(key: string): string | undefined;
  range(range: StoreRange): Promise<[key: string, value: string][]>;
  snapshot(): StoreSnapshot;
  /**
   * One atomic write, on disk when it resolves. When it rejects, it may or may not be on disk, but
   * reads have settled on one of the two. At most one is in flight.
   */
  batch(ops: readonly StoreOp[]): Promise<void>;
  /** Bytes on disk. */
  sizeBytes(): Promise<number>;
  close(): Promise<void>;
}
