import { describe, expect, it } from "vitest";
import { MemoryStore } from "../../../mesh/store/memory-store.ts";
import { VECTOR_KEY } from "../../../mesh/store/mesh-keys.ts";
import { StateStore } from "../../../mesh/store/overlay.ts";
import { commit, gatedDisk, open, settle, table } from "./state-store.ts";

describe("a snapshot", () => {
  it("shows what is on disk, not what is pending, and stays as it was", async () => {
    const { faults, next } = gatedDisk();
    const state = open(faults);
    const first = commit(state, ["a", 1]);
    await settle();
    next().resolve();
    await first;
    const second = commit(state, ["a", 2], ["b", 2]);
    using before = state.snapshot();
    await settle();
    // The third is pending on top of the second when that is flushed.
    const third = commit(state, ["a", 3]);
    next().resolve();
    await second;
    using middle = state.snapshot();
    await settle();
    next().resolve();
    await third;
    using after = state.snapshot();
    expect(before.get(table, ["a", 0])).toEqual({ n: 1 });
    expect(before.get(table, ["b", 0])).toBeUndefined();
    expect(middle.get(table, ["a", 0])).toEqual({ n: 2 });
    expect(after.get(table, ["a", 0])).toEqual({ n: 3 });
    expect(await before.range(table, { prefix: [], limit: 9 })).toEqual([[["a", 0], { n: 1 }]]);
    expect(await middle.range(table, { prefix: [], limit: 9 })).toEqual([
      [["a", 0], { n: 2 }],
      [["b", 0], { n: 2 }],
    ]);
    expect(await after.range(table, { prefix: ["a"], limit: 9 })).toEqual([[["a", 0], { n: 3 }]]);
  });

  it("carries the vector that was flushed with it", async () => {
    const state = open();
    expect(state.snapshot().vector).toEqual({});
    const stage = state.begin();
    stage.raw(VECTOR_KEY, JSON.stringify({ "abcdefgh.1": 4 }));
    await state.commit(stage);
    expect(state.snapshot().vector).toEqual({ "abcdefgh.1": 4 });
  });

  it("closes the store's snapshot with its last user", async () => {
    const store = new MemoryStore();
    let closed = 0;
    const original = store.snapshot.bind(store);
    store.snapshot = () => {
      const snapshot = original();
      return {
        ...snapshot,
        close: () => {
          closed++;
          snapshot.close();
        },
      };
    };
    const state = new StateStore(store);
    const a = state.snapshot();
    const b = state.snapshot();
    await commit(state, ["a", 1]);
    a.close();
    a.close();
    expect(closed).toBe(0);
    b.close();
    expect(closed).toBe(1);
  });
});
