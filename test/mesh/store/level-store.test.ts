import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openLevelStore } from "../../../mesh/store/level-store.ts";
import type { LevelStore } from "../../../mesh/store/level-store.ts";
import type { StoreOp } from "../../../mesh/store/store.ts";

const GIB = 2 ** 30;
const put = (key: string, value: string): StoreOp => ({ type: "put", key, value });

let folder: string;
let store: LevelStore;
let free: number;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hearth-level-"));
  free = GIB;
  store = await openLevelStore(folder, { freeBytes: () => Promise.resolve(free) });
});
afterEach(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

describe("a level store", () => {
  it("is there again when it is opened again", async () => {
    await store.batch([put("a", "1")]);
    await store.close();
    store = await openLevelStore(folder);
    expect(store.get("a")).toBe("1");
  });

  it("refuses writes while the disk is nearly full, reads on, and recovers", async () => {
    free = 1000;
    await expect(store.batch([put("a", "1")])).rejects.toMatchObject({ status: 503 });
    await expect(store.batch([put("a", "1")])).rejects.toThrow("disk of this box is full");
    expect(store.get("a")).toBeUndefined();
    free = GIB;
    await store.batch([put("a", "2")]);
    expect(store.get("a")).toBe("2");
  });

  it("notices at once that something else has filled the disk, before LevelDB does", async () => {
    await store.batch([put("a", "1")]);
    free = 1000;
    await expect(store.batch([put("b", "1")])).rejects.toThrow("disk of this box is full");
    expect(store.get("a")).toBe("1");
  });

  it("opens anew after a failed write, and goes on", async () => {
    await store.batch([put("a", "1")]);
    const snapshot = store.snapshot();
    const bad = { type: "neither", key: "b" } as unknown as StoreOp;
    await expect(store.batch([put("c", "1"), bad])).rejects.toThrow("type");
    expect(() => snapshot.get("a")).toThrow(expect.objectContaining({ status: 503 }));
    expect(store.get("a")).toBe("1");
    expect(store.get("c")).toBeUndefined();
    await store.batch([put("c", "2")]);
    expect(store.get("c")).toBe("2");
  });

  it("cannot be opened twice", async () => {
    await expect(openLevelStore(folder)).rejects.toMatchObject({ cause: { code: "LEVEL_LOCKED" } });
  });
});
