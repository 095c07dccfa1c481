import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Level } from "level";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LevelStore, openLevelStore } from "../../../mesh/store/level-store.ts";
import type { StoreOp } from "../../../mesh/store/store.ts";
import { DAMAGE } from "../../e2e/support/damage.ts";

const GIB = 2 ** 30;
const put = (key: string, value: string): StoreOp => ({ type: "put", key, value });

let folder: string;
let store: LevelStore;
let free: number;
/** Free from the look after the next one on. */
let freeLater: number | undefined;
let takesWrites: boolean;
const freeBytes = (): Promise<number> => {
  const now = free;
  free = freeLater ?? free;
  return Promise.resolve(now);
};
const tryToWrite = async (): Promise<void> => {
  if (!takesWrites) throw new Error("EROFS: read-only file system");
};
const ignoring = (run: () => unknown): void => {
  try {
    run();
  } catch {
    // What it throws is not the matter here.
  }
};
const bad = { type: "neither", key: "b" } as unknown as StoreOp;
beforeEach(async () => {
  freeLater = undefined;
  takesWrites = true;
  folder = await mkdtemp(join(tmpdir(), "hearth-level-"));
  free = GIB;
  store = await openLevelStore(folder, {
    freeBytes,
    tryToWrite,
  });
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

  it("tells of a read that came upon something that LevelDB did not write", async () => {
    const rows = Array.from({ length: 2000 }, (_, i) =>
      put(`key ${i}`, `value ${i} `.repeat(100) + randomBytes(50).toString("hex")),
    );
    await store.batch(rows);
    await store.close();
    // A start moves what is in the log into a table.
    await (await openLevelStore(folder)).close();
    const table = readdirSync(folder).find((name) => name.endsWith(".ldb")) ?? "";
    DAMAGE.zeroed(join(folder, table), 50_000);
    store = await openLevelStore(folder);
    const told: string[] = [];
    store.onRot((what) => told.push(what));
    expect(store.get("key 0")).toBeDefined();
    expect(told).toEqual([]);
    const snapshot = store.snapshot();
    for (const { key } of rows)
      for (const reads of [store, snapshot]) ignoring(() => reads.get(key));
    for (const reads of [store, snapshot]) {
      await expect(reads.range({ gte: "key", limit: 5000 })).rejects.toMatchObject({ status: 503 });
    }
    snapshot.close();
    expect(told.length).toBeGreaterThan(3);
    expect(told.every((what) => what.startsWith("Corruption: "))).toBe(true);
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
    await expect(store.batch([put("c", "1"), bad])).rejects.toThrow("type");
    expect(() => snapshot.get("a")).toThrow(expect.objectContaining({ status: 503 }));
    expect(store.get("a")).toBe("1");
    expect(store.get("c")).toBeUndefined();
    await store.batch([put("c", "2")]);
    expect(store.get("c")).toBe("2");
  });

  it.each([
    // It fills up between the look at the free space and the write.
    ["is full", () => (freeLater = 1000)],
    ["takes no writes", () => (takesWrites = false)],
  ])("reads on after a failed write while the disk %s, and then goes on", async (_, breakDisk) => {
    await store.batch([put("a", "1")]);
    const snapshot = store.snapshot();
    breakDisk();
    await expect(store.batch([put("c", "1"), bad])).rejects.toThrow("type");
    await expect(store.batch([put("d", "1")])).rejects.toThrow(/full|read-only/);
    expect(snapshot.get("a")).toBe("1");
    expect([store.get("a"), store.get("c"), store.get("d")]).toEqual(["1", undefined, undefined]);
    [free, freeLater, takesWrites] = [GIB, undefined, true];
    await store.batch([put("c", "2")]);
    expect([store.get("a"), store.get("c")]).toEqual(["1", "2"]);
    expect(() => snapshot.get("a")).toThrow(expect.objectContaining({ status: 503 }));
  });

  describe("after a write that was reported as failed and is on disk", () => {
    let lies: boolean;
    let isHidden: boolean;
    /** Reads that fail, counted down. */
    let unreadable: number;
    /** Called before the store is open anew, and before a write. */
    let beforeOpen: () => unknown;
    let beforeWrite: () => unknown;
    beforeEach(async () => {
      [lies, isHidden, unreadable] = [false, false, 0];
      beforeOpen = beforeWrite = () => undefined;
      await store.close();
      const db = new Level<string, string>(folder);
      await db.open();
      const write = db.batch.bind(db) as (ops: unknown, options: unknown) => Promise<void>;
      const open = db.open.bind(db);
      const read = db.getSync.bind(db) as (key: string) => string | undefined;
      Object.assign(db, {
        open: async (): Promise<void> => {
          const opened = open();
          await beforeOpen();
          await opened;
        },
        batch: async (ops: unknown, options: unknown): Promise<void> => {
          await beforeWrite();
          await write(ops, options);
          if (!lies) return;
          lies = false;
          throw new Error("IO error: not written");
        },
        getSync: (key: string): string | undefined => {
          if (unreadable > 0 && unreadable--) throw new Error("IO error: not read");
          // LevelDB shows what it has in its log only once it is opened anew.
          return isHidden && ["a", "b"].includes(key) ? undefined : read(key);
        },
      });
      store = new LevelStore(db, { freeBytes, tryToWrite });
    });
    const values = (): unknown[] => ["a", "b", "c"].map((key) => store.get(key));

    it("undoes what it left", async () => {
      [lies, isHidden, takesWrites] = [true, true, false];
      await expect(store.batch([put("a", "1"), put("b", "1")])).rejects.toThrow("not written");
      [isHidden, takesWrites] = [false, true];
      await store.batch([put("c", "1")]);
      expect(values()).toEqual([undefined, undefined, "1"]);
    });

    it.each(["opens anew", "undoes it"])("shows nothing of it while it %s", async (moment) => {
      await store.batch([put("c", "1")]);
      [lies, isHidden, takesWrites] = [true, true, false];
      await expect(store.batch([put("a", "1"), put("b", "1")])).rejects.toThrow("not written");
      [isHidden, takesWrites] = [false, true];
      const reached = Promise.withResolvers<void>();
      const goOn = Promise.withResolvers<void>();
      const hold = (): Promise<void> => {
        beforeOpen = beforeWrite = () => undefined;
        reached.resolve();
        return goOn.promise;
      };
      if (moment === "opens anew") beforeOpen = hold;
      else beforeWrite = hold;
      const written = store.batch([put("d", "1")]);
      await reached.promise;
      const range = store.range({ gte: "a", limit: 10 }).then(
        (rows) => rows,
        (error: unknown) => error,
      );
      const refused = expect.objectContaining({ status: 503 });
      expect(() => store.get("a")).toThrow(refused);
      expect(() => store.snapshot()).toThrow(refused);
      goOn.resolve();
      await written;
      expect(await range).toEqual(refused);
      expect([...values(), store.get("d")]).toEqual([undefined, undefined, "1", "1"]);
    });

    it("answers nothing while it cannot tell what there is to undo", async () => {
      [lies, isHidden, takesWrites] = [true, true, false];
      await expect(store.batch([put("a", "1"), put("b", "1")])).rejects.toThrow("not written");
      [isHidden, takesWrites, unreadable] = [false, true, 1];
      await expect(store.batch([put("c", "1")])).rejects.toThrow("not read");
      expect(() => store.get("a")).toThrow(expect.objectContaining({ status: 503 }));
      await store.batch([put("c", "1")]);
      expect(values()).toEqual([undefined, undefined, "1"]);
    });

    it("opens anew, hiding nothing, where it could not read what was there before", async () => {
      [lies, unreadable, takesWrites] = [true, 1, false];
      await expect(store.batch([put("a", "1")])).rejects.toThrow("not written");
      expect(store.get("a")).toBe("1");
      await store.batch([put("c", "1")]);
      expect(values()).toEqual(["1", undefined, "1"]);
    });
  });

  it("cannot be opened twice", async () => {
    await expect(openLevelStore(folder)).rejects.toMatchObject({ cause: { code: "LEVEL_LOCKED" } });
  });
});
