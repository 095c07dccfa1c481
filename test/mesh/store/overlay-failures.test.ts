import { describe, expect, it } from "vitest";
import { MemoryDisk, MemoryStore } from "../../../mesh/store/memory-store.ts";
import { VECTOR_KEY } from "../../../mesh/store/mesh-keys.ts";
import { StateStore } from "../../../mesh/store/overlay.ts";
import { commit, gatedDisk, open, settle, table } from "./state-store.ts";

describe("a failed write", () => {
  const enospc = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });

  it("takes all pending groups with it and leaves what is on disk", async () => {
    const { faults, next } = gatedDisk();
    const state = open(faults, { groupBytesMax: 1 });
    const good = commit(state, ["a", 1], ["b", 1]);
    await settle();
    next().resolve();
    await good;
    const failures: unknown[] = [];
    state.onFailed((error) => failures.push(error, state.get(table, ["a", 0])));
    const lost = [
      commit(state, ["a", 2]),
      commit(state, ["b", undefined]),
      commit(state, ["c", 2]),
    ];
    const outcomes = Promise.allSettled(lost);
    await settle();
    next().reject(enospc);
    expect((await outcomes).map((outcome) => outcome.status)).toEqual([
      "rejected",
      "rejected",
      "rejected",
    ]);
    expect(failures).toEqual([enospc, { n: 1 }]);
    expect(state.failure).toBe(enospc);
    expect(state.get(table, ["b", 0])).toEqual({ n: 1 });
    expect(state.get(table, ["c", 0])).toBeUndefined();
    expect(state.pendingBytes).toBe(0);
    using snapshot = state.snapshot();
    expect(snapshot.get(table, ["a", 0])).toEqual({ n: 1 });

    const again = commit(state, ["a", 3]);
    await settle();
    next().resolve();
    await again;
    expect(state.failure).toBeUndefined();
    expect(state.get(table, ["a", 0])).toEqual({ n: 3 });
  });

  it("shows a write that reached the disk although it was reported as failed", async () => {
    let failing = false;
    const state = open({
      afterWrite: () => (failing ? Promise.reject(enospc) : Promise.resolve()),
    });
    await commit(state, ["a", 1]);
    expect(state.get(table, ["a", 0])).toEqual({ n: 1 });
    failing = true;
    await expect(commit(state, ["a", 2])).rejects.toBe(enospc);
    expect(state.get(table, ["a", 0])).toEqual({ n: 2 });
    using snapshot = state.snapshot();
    expect(snapshot.get(table, ["a", 0])).toEqual({ n: 2 });
  });

  it("lets nothing begin until everybody has taken it in, even when the store cannot be read", async () => {
    let broken = false;
    const state = open({
      beforeWrite: () => (broken ? Promise.reject(enospc) : Promise.resolve()),
      beforeGet: () => {
        if (broken) throw enospc;
      },
    });
    await commit(state, ["a", 1]);
    const told: unknown[] = [];
    state.onFailed(() => void told.push(state.newestText(VECTOR_KEY)));
    broken = true;
    await expect(commit(state, ["a", 2])).rejects.toBe(enospc);
    expect(() => state.begin()).toThrow(expect.objectContaining({ status: 503 }));
    expect(told).toEqual([]);
    broken = false;
    await commit(state, ["a", 3]);
    expect(told).toEqual([undefined]);
    expect(state.get(table, ["a", 0])).toEqual({ n: 3 });
  });

  it("says where a damaged value lies", async () => {
    const disk = new MemoryDisk();
    const store = new MemoryStore(disk);
    await commit(new StateStore(store), ["a", 1]);
    disk.write([{ type: "put", key: disk.keys[0] ?? "", value: '{"n":' }]);
    expect(() => open({}, {}, disk).get(table, ["a", 0])).toThrow("damaged value");
  });
});
