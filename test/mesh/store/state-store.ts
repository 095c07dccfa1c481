import type { Table } from "../../../core/table.ts";
import { MemoryDisk, MemoryStore } from "../../../mesh/store/memory-store.ts";
import type { MemoryDiskFaults } from "../../../mesh/store/memory-store.ts";
import { STATE_LIMITS, StateStore } from "../../../mesh/store/overlay.ts";
import type { StateLimits } from "../../../mesh/store/overlay.ts";
import type { StoreOp } from "../../../mesh/store/store.ts";

/** A table of numbers. */
export const table: Table<[string, number], { readonly n: number } | null> = {
  name: "x",
  about: "numbers",
  scope: "mesh",
};

/** A disk whose writes are let through one by one, and counted. */
export function gatedDisk(): {
  faults: MemoryDiskFaults;
  batches: (readonly StoreOp[])[];
  next: () => PromiseWithResolvers<void>;
} {
  const gates: PromiseWithResolvers<void>[] = [];
  const batches: (readonly StoreOp[])[] = [];
  return {
    batches,
    next: () => {
      const gate = gates.shift();
      if (!gate) throw new Error("no write waits");
      return gate;
    },
    faults: {
      beforeWrite: (ops) => {
        const gate = Promise.withResolvers<void>();
        gates.push(gate);
        batches.push(ops);
        return gate.promise;
      },
    },
  };
}

export function open(
  faults: MemoryDiskFaults = {},
  limits: Partial<StateLimits> = {},
  disk = new MemoryDisk(),
) {
  return new StateStore(new MemoryStore(disk, faults), { ...STATE_LIMITS, ...limits });
}

export function commit(
  state: StateStore,
  ...entries: [key: string, n: number | undefined][]
): Promise<void> {
  const stage = state.begin();
  for (const [key, n] of entries) {
    if (n === undefined) stage.del(table, [key, 0]);
    else stage.put(table, [key, 0], { n });
  }
  return state.commit(stage);
}

/** Lets every promise that is ready run. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}
