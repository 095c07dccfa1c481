import { describe, expect, it } from "vitest";
import { MemoryDisk } from "../../../mesh/store/memory-store.ts";
import type { Stage } from "../../../mesh/store/stage.ts";
import { commit, gatedDisk, open, settle, table } from "./state-store.ts";

describe("a stage", () => {
  it("is seen by its own reads and by nobody else until it is committed", async () => {
    const state = open();
    await commit(state, ["a", 1], ["b", 1]);
    const stage = state.begin();
    stage.put(table, ["a", 0], { n: 2 });
    stage.del(table, ["b", 0]);
    stage.raw("k", "v");
    expect(stage.get(table, ["a", 0])).toEqual({ n: 2 });
    expect(stage.get(table, ["b", 0])).toBeUndefined();
    expect(stage.rawGet("k")).toBe("v");
    expect(state.get(table, ["a", 0])).toEqual({ n: 1 });
    expect(state.get(table, ["b", 0])).toEqual({ n: 1 });
    expect(state.newestText("k")).toBeUndefined();
    const done = state.commit(stage);
    expect(state.get(table, ["a", 0])).toEqual({ n: 2 });
    expect(state.get(table, ["b", 0])).toBeUndefined();
    expect(state.newestText("k")).toBe("v");
    await done;
    expect(state.get(table, ["a", 0])).toEqual({ n: 2 });
    expect(state.get(table, ["b", 0])).toBeUndefined();
  });

  it("leaves nothing behind when it is abandoned", async () => {
    const state = open();
    await commit(state, ["a", 1]);
    const stage = state.begin();
    const abandoned: string[] = [];
    stage.onAbandon(() => abandoned.push("told"));
    stage.put(table, ["a", 0], { n: 2 });
    stage.put(table, ["c", 0], { n: 2 });
    stage.raw("k", "v");
    stage.abandon();
    stage.abandon();
    expect(abandoned).toEqual(["told"]);
    expect(state.get(table, ["a", 0])).toEqual({ n: 1 });
    expect(state.get(table, ["c", 0])).toBeUndefined();
    expect(state.begin().rawGet("k")).toBeUndefined();
    expect(() => stage.put(table, ["a", 0], { n: 3 })).toThrow("the stage is open");
  });

  it("is alone: the next one begins when it is committed or abandoned", () => {
    const state = open();
    const stage = state.begin();
    expect(() => state.begin()).toThrow("previous stage");
    stage.abandon();
    state.begin().abandon();
  });

  it("is dropped as a whole when a value cannot be written down", () => {
    const state = open();
    const stage = state.begin();
    stage.put(table, ["a", 0], { n: 1 });
    stage.put(table, ["b", 0], 1n as never);
    expect(() => void state.commit(stage)).toThrow(TypeError);
    expect(state.get(table, ["a", 0])).toBeUndefined();
    state.begin().abandon();
  });

  it("keeps null, which is a value", async () => {
    const state = open();
    const stage = state.begin();
    stage.put(table, ["a", 0], null);
    expect(stage.get(table, ["a", 0])).toBeNull();
    await state.commit(stage);
    expect(state.get(table, ["a", 0])).toBeNull();
  });
});

describe("group commit", () => {
  it("writes what one turn commits in one batch, and what waits meanwhile in the next", async () => {
    const { faults, batches, next } = gatedDisk();
    const state = open(faults);
    const order: string[] = [];
    const first = [commit(state, ["a", 1]), commit(state, ["b", 1], ["a", 2])];
    await settle();
    expect(batches).toHaveLength(1);
    const second = ["c", "d", "e"].map((key) =>
      commit(state, [key, 1]).then(() => order.push(key)),
    );
    await settle();
    expect(batches).toHaveLength(1);
    next().resolve();
    await Promise.all(first);
    await settle();
    expect(order).toEqual([]);
    expect(batches).toHaveLength(2);
    next().resolve();
    await Promise.all(second);
    expect(order).toEqual(["c", "d", "e"]);
    expect(batches[0]).toHaveLength(2);
  });

  it("bounds a group by its bytes", async () => {
    const { faults, batches, next } = gatedDisk();
    const state = open(faults, { groupBytesMax: 30 });
    const done = Promise.all(["a", "b", "c", "d"].map((key) => commit(state, [key, 1])));
    await settle();
    next().resolve();
    await settle();
    next().resolve();
    await done;
    expect(batches.map((ops) => ops.length)).toEqual([2, 2]);
    expect(state.pendingBytes).toBe(0);
  });

  it("refuses new stages while too much waits for the disk", async () => {
    const { faults, next } = gatedDisk();
    const state = open(faults, { pendingBytesMax: 40 });
    const done = Promise.all([commit(state, ["a", 1]), commit(state, ["b", 1])]);
    expect(() => state.begin()).toThrow(expect.objectContaining({ status: 503 }));
    await settle();
    next().resolve();
    await done;
    state.begin().abandon();
  });

  it("tells what was flushed in commit order, when snapshots show it and before commits resolve", async () => {
    const state = open();
    const told: [Stage, number | undefined][] = [];
    const order: string[] = [];
    state.onFlushed((stages) => {
      using snapshot = state.snapshot();
      for (const stage of stages) told.push([stage, snapshot.get(table, ["b", 0])?.n]);
      order.push("told");
    });
    const stages: Stage[] = [];
    const commits = ["a", "b"].map((key) => {
      const stage = state.begin();
      stages.push(stage);
      stage.put(table, [key, 0], { n: 1 });
      return state.commit(stage).then(() => order.push("resolved"));
    });
    await Promise.all(commits);
    expect(told).toEqual([
      [stages[0], 1],
      [stages[1], 1],
    ]);
    expect(order[0]).toBe("told");
  });

  it("waits for what is committed when it closes", async () => {
    const disk = new MemoryDisk();
    const state = open({}, {}, disk);
    void commit(state, ["a", 1]);
    await state.close();
    expect(open({}, {}, disk).get(table, ["a", 0])).toEqual({ n: 1 });
  });
});
describe("decoded values", () => {
  it("are bounded and read again when they are gone", async () => {
    const reads: string[] = [];
    const state = open({ beforeGet: (key) => reads.push(key) }, { decodedBytesMax: 10_000 });
    for (let i = 0; i < 100; i++) await commit(state, [`k${i}`, i]);
    expect(state.get(table, ["k99", 0])).toEqual({ n: 99 });
    expect(reads).toEqual([]);
    expect(state.get(table, ["k0", 0])).toEqual({ n: 0 });
    expect(reads).toHaveLength(1);
    expect(state.get(table, ["k0", 0])).toEqual({ n: 0 });
    expect(reads).toHaveLength(1);
  });

  it("include what is not there, until it is written", async () => {
    const reads: string[] = [];
    const { faults, next } = gatedDisk();
    const state = open({ ...faults, beforeGet: (key) => reads.push(key) });
    using before = state.snapshot();
    expect(state.get(table, ["a", 0])).toBeUndefined();
    expect(state.get(table, ["a", 0])).toBeUndefined();
    expect(before.get(table, ["a", 0])).toBeUndefined();
    expect(reads).toHaveLength(1);
    const written = commit(state, ["a", 1]);
    await settle();
    // On its way to the disk: seen by commands, not yet by those who ask for what is on disk.
    expect(state.get(table, ["a", 0])).toEqual({ n: 1 });
    expect(before.get(table, ["a", 0])).toBeUndefined();
    next().resolve();
    await written;
    using after = state.snapshot();
    expect(before.get(table, ["a", 0])).toBeUndefined();
    expect(after.get(table, ["a", 0])).toEqual({ n: 1 });
  });
});
