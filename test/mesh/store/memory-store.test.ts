import { beforeEach, describe, expect, it } from "vitest";
import { MemoryDisk, MemoryStore } from "../../../mesh/store/memory-store.ts";
import type { StoreOp } from "../../../mesh/store/store.ts";

const put = (key: string, value: string): StoreOp => ({ type: "put", key, value });

let disk: MemoryDisk;
beforeEach(() => {
  disk = new MemoryDisk(10);
});

describe("a simulated disk", () => {
  it("keeps what was written through a crash, and the store that had it open is dead", async () => {
    const store = new MemoryStore(disk);
    await store.batch([put("a", "1")]);
    disk.crash();
    expect(() => store.get("a")).toThrow(expect.objectContaining({ status: 503 }));
    await expect(store.batch([put("a", "2")])).rejects.toMatchObject({ status: 503 });
    expect(new MemoryStore(disk).get("a")).toBe("1");
  });

  it.each([true, false])("keeps all or nothing of a batch in flight (kept: %s)", async (kept) => {
    const gate = Promise.withResolvers<void>();
    const store = new MemoryStore(disk, { beforeWrite: () => gate.promise });
    const write = store.batch([put("a", "1"), put("b", "1")]);
    disk.crash({ keepInFlight: kept });
    gate.resolve();
    await expect(write).rejects.toMatchObject({ status: 503 });
    const after = new MemoryStore(disk);
    expect([after.get("a"), after.get("b")]).toEqual(kept ? ["1", "1"] : [undefined, undefined]);
  });

  it("writes nothing of a batch that was refused, not even at a crash", async () => {
    const store = new MemoryStore(disk, { beforeWrite: () => Promise.reject(new Error("ENOSPC")) });
    await expect(store.batch([put("a", "1")])).rejects.toThrow("ENOSPC");
    disk.crash({ keepInFlight: true });
    expect(new MemoryStore(disk).get("a")).toBeUndefined();
  });

  it("can lie: the newest acknowledged batches are gone after a crash", async () => {
    const store = new MemoryStore(disk);
    for (const value of ["1", "2", "3"]) await store.batch([put("a", value), put(value, value)]);
    disk.crash({ loseBatches: 2 });
    const after = new MemoryStore(disk);
    expect(await after.range({ limit: 9 })).toEqual([
      ["1", "1"],
      ["a", "1"],
    ]);
  });

  it("is copied as a whole, and apart from then on", async () => {
    const store = new MemoryStore(disk);
    await store.batch([put("a", "1")]);
    const backup = disk.clone();
    await store.batch([put("a", "2")]);
    expect(new MemoryStore(backup).get("a")).toBe("1");
    await new MemoryStore(backup).batch([put("b", "1")]);
    expect(store.get("b")).toBeUndefined();
  });

  it("fails reads when told to", async () => {
    const store = new MemoryStore(disk, {
      beforeGet: () => {
        throw new Error("EIO");
      },
      beforeRange: () => Promise.reject(new Error("EIO")),
    });
    expect(() => store.get("a")).toThrow("EIO");
    await expect(store.range({ limit: 1 })).rejects.toThrow("EIO");
  });
});
