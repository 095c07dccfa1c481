import { MatrixError, assert } from "../../core/errors.ts";
import { compareBytes, lowerBound } from "./byte-order.ts";
import type { Store, StoreOp, StoreRange, StoreSnapshot } from "./store.ts";

/** What a test or the simulation does to the disk. Each hook may wait, and rejects to inject an error. */
export interface MemoryDiskFaults {
  /** Before a batch: rejecting means that nothing of it was written. */
  readonly beforeWrite?: (ops: readonly StoreOp[]) => Promise<void>;
  /** After a batch is on disk: rejecting means written, but reported as failed. */
  readonly afterWrite?: (ops: readonly StoreOp[]) => Promise<void>;
  readonly beforeRange?: (range: StoreRange) => Promise<void>;
  /** Throws to inject a read error. */
  readonly beforeGet?: (key: string) => void;
}

/** The old value of each key that a batch changed. */
type Undo = Map<string, string | undefined>;

/**
 * What survives a crash of a simulated box. Values live in `entries`; a store opened on the disk dies
 * with `crash()`, and another one is opened on what is left.
 */
export class MemoryDisk {
  readonly entries = new Map<string, string>();
  readonly #keys: string[] = [];
  readonly #undos: Undo[] = [];
  readonly #batchesKept: number;
  #inFlight: readonly StoreOp[] | undefined;
  #generation = 0;

  /** `batchesKept`: how many of the newest batches can be lost by `crash`. */
  constructor(batchesKept = 0) {
    this.#batchesKept = batchesKept;
  }

  /** Grows with each crash; a store knows by it that it is dead. */
  get generation(): number {
    return this.#generation;
  }

  /** The keys from `key` on, sorted; read only. */
  get keys(): readonly string[] {
    return this.#keys;
  }

  /** Is a batch under way? */
  get isWriting(): boolean {
    return this.#inFlight !== undefined && this.#inFlight.length > 0;
  }

  /**
   * The power goes. What was synced stays; the batch in flight is lost, or kept as a whole when
   * `keepInFlight` (LevelDB drops a torn record by its checksum, so there is no half). `loseBatches` is
   * the lying card: that many acknowledged batches are gone as well.
   */
  crash(options: { readonly keepInFlight?: boolean; readonly loseBatches?: number } = {}): void {
    this.#generation++;
    if (this.#inFlight && options.keepInFlight) this.write(this.#inFlight);
    this.#inFlight = undefined;
    for (let i = 0; i < (options.loseBatches ?? 0); i++) {
      for (const [key, value] of this.#undos.pop() ?? []) this.#set(key, value);
    }
  }

  /** A copy, such as a backup that somebody restores later. */
  clone(): MemoryDisk {
    const copy = new MemoryDisk(this.#batchesKept);
    for (const key of this.#keys) copy.#set(key, this.entries.get(key));
    return copy;
  }

  /** Notes what a crash during the write would find half done. */
  begin(ops: readonly StoreOp[]): void {
    this.#inFlight = ops;
  }

  write(ops: readonly StoreOp[]): void {
    this.#inFlight = undefined;
    const undo: Undo = new Map();
    for (const op of ops) {
      if (!undo.has(op.key)) undo.set(op.key, this.entries.get(op.key));
      this.#set(op.key, op.type === "put" ? op.value : undefined);
    }
    if (this.#batchesKept === 0) return;
    this.#undos.push(undo);
    if (this.#undos.length > this.#batchesKept) this.#undos.shift();
  }

  #set(key: string, value: string | undefined): void {
    const had = this.entries.has(key);
    if (value === undefined) {
      if (had) this.#keys.splice(lowerBound(this.#keys, key), 1);
      this.entries.delete(key);
    } else {
      if (!had) this.#keys.splice(lowerBound(this.#keys, key), 0, key);
      this.entries.set(key, value);
    }
  }
}

function within(range: StoreRange, key: string): boolean {
  return (
    (range.gt === undefined || compareBytes(key, range.gt) > 0) &&
    (range.gte === undefined || compareBytes(key, range.gte) >= 0) &&
    (range.lt === undefined || compareBytes(key, range.lt) < 0) &&
    (range.lte === undefined || compareBytes(key, range.lte) <= 0)
  );
}

/** The sorted keys inside the bounds, whatever the limit. */
function keysWithin(sorted: readonly string[], range: StoreRange): string[] {
  const start = range.gte ?? range.gt;
  const end = range.lt ?? range.lte;
  const from = start === undefined ? 0 : lowerBound(sorted, start);
  const to = end === undefined ? sorted.length : lowerBound(sorted, end) + 1;
  return sorted.slice(from, to).filter((key) => within(range, key));
}

/** The fake store of the simulation: as `LevelStore`, on a `MemoryDisk`, deterministic. */
export class MemoryStore implements Store {
  readonly #disk: MemoryDisk;
  readonly #faults: MemoryDiskFaults;
  readonly #generation: number;
  /** Of each open snapshot, what later batches have changed since. */
  readonly #snapshots = new Set<Undo>();
  #closed = false;

  constructor(disk: MemoryDisk = new MemoryDisk(), faults: MemoryDiskFaults = {}) {
    this.#disk = disk;
    this.#faults = faults;
    this.#generation = disk.generation;
  }

  get(key: string): string | undefined {
    this.#assertOpen();
    this.#faults.beforeGet?.(key);
    return this.#disk.entries.get(key);
  }

  async range(range: StoreRange): Promise<[string, string][]> {
    // As in LevelDB, a read sees the moment at which it began.
    using snapshot = this.snapshot();
    return await snapshot.range(range);
  }

  snapshot(): StoreSnapshot {
    this.#assertOpen();
    const undo: Undo = new Map();
    this.#snapshots.add(undo);
    const valueOf = (key: string): string | undefined =>
      undo.has(key) ? undo.get(key) : this.#disk.entries.get(key);
    const assertOpen = (): void => {
      this.#assertOpen();
      assert(this.#snapshots.has(undo), "the snapshot is open");
    };
    const close = (): void => {
      this.#snapshots.delete(undo);
    };
    return {
      get: (key) => {
        assertOpen();
        this.#faults.beforeGet?.(key);
        return valueOf(key);
      },
      range: async (range) => {
        assertOpen();
        await this.#faults.beforeRange?.(range);
        assertOpen();
        return this.#rows(range, undo, valueOf);
      },
      close,
      [Symbol.dispose]: close,
    };
  }

  async batch(ops: readonly StoreOp[]): Promise<void> {
    this.#assertOpen();
    this.#disk.begin(ops);
    try {
      await this.#faults.beforeWrite?.(ops);
    } catch (error) {
      this.#disk.begin([]);
      throw error;
    }
    this.#assertOpen();
    for (const undo of this.#snapshots) {
      for (const { key } of ops) if (!undo.has(key)) undo.set(key, this.#disk.entries.get(key));
    }
    this.#disk.write(ops);
    await this.#faults.afterWrite?.(ops);
    this.#assertOpen();
  }

  sizeBytes(): Promise<number> {
    let size = 0;
    for (const [key, value] of this.#disk.entries) size += key.length + value.length;
    return Promise.resolve(size);
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }

  #rows(
    range: StoreRange,
    undo: Undo,
    valueOf: (key: string) => string | undefined,
  ): [string, string][] {
    const deletedSince = [...undo.keys()].filter(
      (key) => within(range, key) && !this.#disk.entries.has(key),
    );
    const keys = keysWithin(this.#disk.keys, range);
    if (deletedSince.length > 0) {
      keys.push(...deletedSince);
      keys.sort(compareBytes);
    }
    if (range.reverse) keys.reverse();
    const rows: [string, string][] = [];
    for (const key of keys) {
      if (rows.length >= range.limit) break;
      const value = valueOf(key);
      if (value !== undefined) rows.push([key, value]);
    }
    return rows;
  }

  #assertOpen(): void {
    if (this.#closed || this.#generation !== this.#disk.generation) {
      throw new MatrixError(503, "M_UNKNOWN", "This box cannot read its disk at the moment.");
    }
  }
}
