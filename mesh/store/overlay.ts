import { assert, unavailable } from "../../core/errors.ts";
import type { Reader, Snapshot } from "../../core/ports.ts";
import type { Key, Table } from "../../core/table.ts";
import { DecodedCache } from "./decoded-cache.ts";
import { encodeKey } from "./keys.ts";
import { SharedSnapshot } from "./shared-snapshot.ts";
import { Stage } from "./stage.ts";
import type { StagedEntry } from "./stage.ts";
import type { Store, StoreOp } from "./store.ts";

const MIB = 1024 * 1024;

export interface StateLimits {
  /** Text of the values kept decoded; the objects take two to three times as much memory. */
  readonly decodedBytesMax: number;
  /** One write to disk; an SD card syncs this much in about 100 ms. A larger transaction goes alone. */
  readonly groupBytesMax: number;
  /** Committed but not on disk; beyond it new stages are refused, so that a slow disk cannot fill the memory. */
  readonly pendingBytesMax: number;
}

export const STATE_LIMITS: StateLimits = {
  decodedBytesMax: 8 * MIB,
  groupBytesMax: 1 * MIB,
  pendingBytesMax: 32 * MIB,
};

interface PendingEntry extends StagedEntry {
  readonly group: Group;
}

/** Transactions that go to disk in one batch. */
interface Group {
  readonly entries: Map<string, StagedEntry>;
  readonly stages: Stage[];
  readonly written: PromiseWithResolvers<void>;
  bytes: number;
}

function decode(key: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`the store holds a damaged value at ${JSON.stringify(key)}`, { cause: error });
  }
}

function opsOf(group: Group): StoreOp[] {
  const ops: StoreOp[] = [];
  for (const [key, { text }] of group.entries) {
    ops.push(text === undefined ? { type: "del", key } : { type: "put", key, value: text });
  }
  return ops;
}

/**
 * The newest state over a `Store`: what commands read and write. A committed stage is visible at once
 * and on disk when `commit` resolves; everything that waits while one write runs goes into the next.
 * Reads look at pending groups, then at decoded values, then at the store.
 */
export class StateStore implements Reader {
  readonly #store: Store;
  readonly #limits: StateLimits;
  readonly #cache: DecodedCache;
  readonly #pending = new Map<string, PendingEntry>();
  readonly #flushedListeners: ((stages: readonly Stage[]) => void)[] = [];
  readonly #failedListeners: ((error: unknown) => void)[] = [];
  #waiting: Group[] = [];
  #pendingBytes = 0;
  #stage: Stage | undefined;
  /** Counts the moments at which what is on disk changed. */
  #flush = 0;
  #latest: SharedSnapshot | undefined;
  #writing = false;
  #running: Promise<void> | undefined;
  #failure: unknown;
  /** Listeners that could not take a failure in, because the store could not be read either. */
  #untold: ((error: unknown) => void)[] = [];

  constructor(store: Store, limits: StateLimits = STATE_LIMITS) {
    this.#store = store;
    this.#limits = limits;
    this.#cache = new DecodedCache(limits.decodedBytesMax);
  }

  /** Why the last write failed; `undefined` after a good one. */
  get failure(): unknown {
    return this.#failure;
  }

  /** Bytes that are committed and not yet on disk. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  get<K extends Key, V>(table: Table<K, V>, key: K): V | undefined {
    return this.newest(encodeKey(table, key)) as V | undefined;
  }

  /** The newest decoded value of a physical key. */
  newest(key: string): unknown {
    const pending = this.#pending.get(key);
    if (pending !== undefined) return pending.value;
    const cached = this.#cache.get(key);
    if (cached !== undefined) return cached.value;
    return this.#remember(key, this.#store.get(key));
  }

  /** The newest text of one of the mesh's own keys. */
  newestText(key: string): string | undefined {
    const pending = this.#pending.get(key);
    return pending === undefined ? this.#store.get(key) : pending.text;
  }

  /** Opens the one stage. Throws MatrixError 503 while too much waits for the disk, or it is out of order. */
  begin(): Stage {
    assert(this.#stage === undefined, "the previous stage was committed or abandoned");
    this.#tellOfFailure();
    if (this.#untold.length > 0) throw unavailable("The disk of this box is out of order.");
    if (this.#pendingBytes > this.#limits.pendingBytesMax) {
      throw unavailable("The disk of this box cannot keep up.");
    }
    const stage = new Stage(this, () => {
      this.#stage = undefined;
    });
    this.#stage = stage;
    return stage;
  }

  /**
   * Makes the stage part of the newest state, at once. Resolves when it is on disk; rejects when the
   * write failed, and then nothing that was not on disk is part of the state any more.
   */
  commit(stage: Stage): Promise<void> {
    assert(stage.open && stage === this.#stage, "only the open stage is committed, and once");
    let entries;
    try {
      entries = stage.encode();
    } catch (error) {
      stage.abandon();
      throw error;
    }
    stage.seal();
    const group = this.#groupToFill();
    for (const [key, entry] of entries) {
      group.entries.set(key, entry);
      this.#pending.set(key, { ...entry, group });
      const bytes = key.length + (entry.text?.length ?? 0);
      group.bytes += bytes;
      this.#pendingBytes += bytes;
    }
    group.stages.push(stage);
    this.#running ??= this.#run();
    return group.written.promise;
  }

  /** What is on disk now. All snapshots between two writes share one of the store's. */
  snapshot(): Snapshot {
    return this.#latestSnapshot().open();
  }

  /** Called after each write with its stages in commit order, before their commits resolve. It must not throw. */
  onFlushed(listener: (stages: readonly Stage[]) => void): void {
    this.#flushedListeners.push(listener);
  }

  /**
   * Called when a write failed and the state is what is on disk again, before the commits reject. A
   * listener that throws, because it cannot read the store, is called again before the next stage.
   */
  onFailed(listener: (error: unknown) => void): void {
    this.#failedListeners.push(listener);
  }

  /** Waits for what is committed. The store is closed by whoever opened it. */
  async close(): Promise<void> {
    await this.#running;
    this.#latest?.release();
    this.#latest = undefined;
  }

  #groupToFill(): Group {
    const last = this.#waiting.at(-1);
    if (last !== undefined && last.bytes < this.#limits.groupBytesMax) return last;
    const group: Group = {
      entries: new Map(),
      stages: [],
      written: Promise.withResolvers(),
      bytes: 0,
    };
    this.#waiting.push(group);
    return group;
  }

  async #run(): Promise<void> {
    // Whatever is committed in the same turn of the event loop joins the first group.
    await Promise.resolve();
    for (let group = this.#waiting[0]; group !== undefined; group = this.#waiting[0]) {
      await this.#write(group);
    }
    this.#running = undefined;
  }

  /** Writes the first waiting group, which takes no more stages from here on. */
  async #write(group: Group): Promise<void> {
    try {
      this.#latestSnapshot();
      this.#writing = true;
      const done = this.#store.batch(opsOf(group));
      this.#waiting.shift();
      await done;
    } catch (error) {
      this.#writing = false;
      this.#fail(group, error);
      return;
    }
    this.#writing = false;
    this.#flushed(group);
  }

  #flushed(group: Group): void {
    this.#failure = undefined;
    this.#pendingBytes -= group.bytes;
    this.#settle();
    for (const [key, { value, text }] of group.entries) {
      if (this.#pending.get(key)?.group === group) this.#pending.delete(key);
      if (value === undefined) this.#cache.delete(key);
      else this.#cache.set(key, { value, flush: this.#flush, length: text?.length ?? 0 });
    }
    for (const listener of this.#flushedListeners) listener(group.stages);
    group.written.resolve();
  }

  /** Later groups build on the one that failed, so all of them go. */
  #fail(failed: Group, error: unknown): void {
    this.#failure = error;
    const groups = new Set([failed, ...this.#waiting]);
    this.#waiting = [];
    this.#pending.clear();
    this.#pendingBytes = 0;
    for (const group of groups) {
      for (const key of group.entries.keys()) this.#cache.delete(key);
    }
    this.#stage?.abandon();
    this.#settle();
    this.#untold = [...this.#failedListeners];
    this.#tellOfFailure();
    for (const group of groups) group.written.reject(error);
  }

  #tellOfFailure(): void {
    this.#untold = this.#untold.filter((listener) => {
      try {
        listener(this.#failure);
        return false;
      } catch {
        return true;
      }
    });
  }

  /** What is on disk may have changed: later snapshots show the new state. */
  #settle(): void {
    this.#flush++;
    this.#latest?.release();
    this.#latest = undefined;
    if (this.#failure === undefined) this.#latestSnapshot();
  }

  #latestSnapshot(): SharedSnapshot {
    if (this.#latest === undefined) {
      // During a write nobody can tell whether a new snapshot of the store would contain it.
      if (this.#writing) throw unavailable("The disk of this box is being opened again.");
      const flush = this.#flush;
      this.#latest = new SharedSnapshot(this.#store.snapshot(), (key, text) =>
        this.#decodeAt(flush, key, text),
      );
    }
    return this.#latest;
  }

  /** The value of a key as of a flush; `text` reads it where no decoded value is known to be the same. */
  #decodeAt(flush: number, key: string, text: () => string | undefined): unknown {
    const cached = this.#cache.get(key);
    if (cached !== undefined && cached.flush <= flush) return cached.value;
    const found = text();
    if (flush === this.#flush) return this.#remember(key, found);
    return found === undefined ? undefined : decode(key, found);
  }

  /** Absence is remembered too: most of what commands look up is not there, like revocations. */
  #remember(key: string, text: string | undefined): unknown {
    const value = text === undefined ? undefined : decode(key, text);
    this.#cache.set(key, { value, flush: this.#flush, length: text?.length ?? 0 });
    return value;
  }
}
