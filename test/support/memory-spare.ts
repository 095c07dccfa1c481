import type { SpareStore } from "../../mesh/snapshot/spare-store.ts";
import { MemoryDisk, MemoryStore } from "../../mesh/store/memory-store.ts";
import type { MemoryDiskFaults } from "../../mesh/store/memory-store.ts";

/** A second store beside that of a box in memory. */
export class MemorySpare implements SpareStore {
  readonly #make: () => { readonly disk: MemoryDisk; readonly faults?: MemoryDiskFaults };
  readonly #swapped: (disk: MemoryDisk) => void;
  #begun: MemoryDisk | undefined;

  /** `swapped` is told of the disk to start on next. */
  constructor(
    swapped: (disk: MemoryDisk) => void,
    make: () => { readonly disk: MemoryDisk; readonly faults?: MemoryDiskFaults } = () => ({
      disk: new MemoryDisk(),
    }),
  ) {
    this.#swapped = swapped;
    this.#make = make;
  }

  async begin(): Promise<MemoryStore> {
    const { disk, faults } = this.#make();
    this.#begun = disk;
    return new MemoryStore(disk, faults);
  }

  discard(): Promise<void> {
    this.#begun = undefined;
    return Promise.resolve();
  }

  swap(): Promise<void> {
    if (this.#begun) this.#swapped(this.#begun);
    return Promise.resolve();
  }
}
