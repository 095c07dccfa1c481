import type { SpareStore } from "../../mesh/snapshot/spare-store.ts";
import type { Origin } from "../../core/vector.ts";
import type { Place } from "../../mesh/journal/positions.ts";
import {
  LEFT_PREFIX,
  POSITION_PREFIX,
  floorKey,
  originOfJournalKey,
  positionKey,
  seqOfJournalKey,
} from "../../mesh/store/mesh-keys.ts";
import type { StoreOp } from "../../mesh/store/store.ts";
import { MemoryDisk, MemoryStore } from "../../mesh/store/memory-store.ts";
import type { MemoryDiskFaults } from "../../mesh/store/memory-store.ts";
import { MemoryBlobs } from "../support/memory-blobs.ts";
import { MemorySpare } from "../support/memory-spare.ts";
import type { Prng } from "./prng.ts";
import type { BoxTimers } from "./sim-clock.ts";

/** Batches that a lying card may have kept to itself. */
const BATCHES_KEPT = 60;

/** The disk of a box: it outlives the box's lives, is slow, full, forgetful, or copied and put back. */
export class SimDisk {
  current = new MemoryDisk(BATCHES_KEPT);
  isFull = false;
  /** Milliseconds that a write takes, from and to. */
  writeMs: readonly [min: number, max: number] = [0.1, 4];
  /** Share of writes that end on the disk but are reported as failed. */
  lies = 0;
  /** There is no room for a second store. */
  isCramped = false;
  /** Every entry that was ever on it, by key; entries that all boxes have are dropped. */
  readonly seen = new Map<string, string>();
  /** When each entry was first written to it, simulated milliseconds. */
  readonly writtenMs = new Map<string, number>();
  /** Uploaded content, by its hash. */
  media = new Map<string, Uint8Array>();
  /** Called before and after each write, with how many there were. */
  onWrite: (writes: number) => void = () => undefined;
  readonly #prng: Prng;
  #backup: { readonly store: MemoryDisk; readonly media: Map<string, Uint8Array> } | undefined;
  #writes = 0;

  constructor(prng: Prng) {
    this.#prng = prng;
  }

  /** The store for one life of the box. */
  open(timers: BoxTimers): MemoryStore {
    for (const [key, text] of this.journal()) this.seen.set(key, text);
    return new MemoryStore(this.current, this.#faults(timers));
  }

  /** A second store beside the first one. It is gone with the process that filled it. */
  spare(timers: BoxTimers): SpareStore {
    const swapped = (disk: MemoryDisk): void => {
      this.current = disk;
    };
    const faults = this.#faults(timers);
    return new MemorySpare(swapped, () => {
      if (this.isCramped) throw new Error("the disk has no room for a copy");
      return { disk: new MemoryDisk(BATCHES_KEPT), faults };
    });
  }

  /** The folder of uploaded content for one life of the box. */
  blobs(timers: BoxTimers): MemoryBlobs {
    return new MemoryBlobs(this.media, {
      beforeKeep: () => this.#beforeWrite(timers, []),
      afterKeep: () => this.#afterWrite(timers, []),
    });
  }

  /** Is there nothing on it that any life of a box has written? */
  get isBlank(): boolean {
    return isBlank(this.current);
  }

  get hasBackup(): boolean {
    return this.#backup !== undefined && !isBlank(this.#backup.store);
  }

  makeBackup(): void {
    this.#backup = { store: this.current.clone(), media: new Map(this.media) };
  }

  /** Somebody puts the backup back. The box is off. */
  restoreBackup(): void {
    if (!this.#backup) return;
    this.current = this.#backup.store.clone();
    this.media = new Map(this.#backup.media);
  }

  /** A new card. */
  replace(): void {
    this.current = new MemoryDisk(BATCHES_KEPT);
    this.media = new Map();
  }

  /** Journal entries on the disk. */
  journal(): Map<string, string> {
    const entries = new Map<string, string>();
    for (const [key, text] of this.current.entries)
      if (key.startsWith("j/")) entries.set(key, text);
    return entries;
  }

  /** Does it hold the effects of an entry, or the entry itself, to be applied? */
  holds(key: string): boolean {
    const { entries } = this.current;
    if (entries.has(key)) return true;
    const origin = originOfJournalKey(key) as Origin;
    const place = entries.get(positionKey(origin));
    if (place !== undefined && seqOfJournalKey(key) <= (JSON.parse(place) as Place).seq)
      return true;
    const text = this.seen.get(key);
    return [...entries].some(([row, left]) => row.startsWith(LEFT_PREFIX) && left === text);
  }

  /** The last entry of an origin that it has dropped. */
  floorOf(origin: Origin): Place {
    const text = this.current.entries.get(floorKey(origin));
    return text === undefined ? { seq: 0, hash: "" } : (JSON.parse(text) as Place);
  }

  #faults(timers: BoxTimers): MemoryDiskFaults {
    return {
      beforeWrite: (ops) => this.#beforeWrite(timers, ops),
      afterWrite: (ops) => this.#afterWrite(timers, ops),
    };
  }

  async #beforeWrite(timers: BoxTimers, _ops: readonly StoreOp[]): Promise<void> {
    await pause(timers, this.#prng.between(...this.writeMs));
    this.onWrite(++this.#writes);
    if (this.isFull) throw new Error("ENOSPC: no space left on device");
  }

  async #afterWrite(timers: BoxTimers, ops: readonly StoreOp[]): Promise<void> {
    for (const op of ops) {
      if (op.type !== "put" || !op.key.startsWith("j/")) continue;
      this.seen.set(op.key, op.value);
      if (!this.writtenMs.has(op.key)) this.writtenMs.set(op.key, timers.elapsed());
    }
    this.onWrite(++this.#writes);
    await pause(timers, 0.1);
    if (!this.#prng.chance(this.lies)) return;
    throw Object.assign(new Error("written, but the disk says otherwise"), { code: "EIO" });
  }
}

function isBlank({ entries }: MemoryDisk): boolean {
  for (const key of entries.keys()) if (key.startsWith(POSITION_PREFIX)) return false;
  return true;
}

/** Never resolves when the box dies meanwhile. */
function pause(timers: BoxTimers, milliseconds: number): Promise<void> {
  return new Promise((resolve) => void timers.after(milliseconds, resolve));
}
