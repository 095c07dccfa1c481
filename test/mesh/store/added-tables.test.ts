import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { UserId } from "../../../core/ids.ts";
import type { Json } from "../../../core/json.ts";
import { delayedEvents, puts } from "../../../core/tables.ts";
import { makeAddedTables, tablesOp } from "../../../mesh/store/added-tables.ts";
import { openCheckedStore } from "../../../mesh/store/check.ts";
import { upgradeStore } from "../../../mesh/store/format.ts";
import { decodeKey, encodeKey, rangeOf } from "../../../mesh/store/keys.ts";
import { markOf, markPath, writeMark } from "../../../mesh/store/mark.ts";
import { MemoryDisk, MemoryStore } from "../../../mesh/store/memory-store.ts";
import { TABLES_KEY } from "../../../mesh/store/mesh-keys.ts";
import type { Store, StoreOp } from "../../../mesh/store/store.ts";
import { oldHomes, unpackHomes } from "../../fixtures/homes.ts";
import { newStoreId, QUIET } from "../../support/box-on-disk.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { ALICE, BOB } from "../../core/rooms/ledger-box.ts";

/** More rows than are read at once. */
const MANY = 1200;

/** A delayed event as the first release writes it; without a user, one that was forgotten. */
function fact(id: string, user?: UserId): StoreOp {
  const value: Json = user === undefined ? {} : { value: { user, delay_ms: 1 } };
  const text = JSON.stringify({ ...value, time: 1, origin: "aaaaaaaa.1" });
  return { type: "put", key: encodeKey(puts, ["delayed", id]), value: text };
}

async function listed(store: Pick<Store, "range">): Promise<(readonly [UserId, string])[]> {
  const rows = await store.range(rangeOf(delayedEvents, { prefix: [], limit: 10 * MANY }));
  return rows.map(([key]) => decodeKey(delayedEvents, key));
}

describe("a start on a store of an earlier version", () => {
  it.each(oldHomes().map(({ version, boxes }) => [version, boxes[0]!] as const))(
    "of %s lists the delayed events that were not forgotten, and none else",
    async (version, box) => {
      const [folder, home] = [tempFolder(), tempFolder()];
      unpackHomes(version, folder);
      cpSync(join(folder, box), home, { recursive: true });
      const { store } = await openCheckedStore(home, newStoreId);
      const many = Array.from({ length: MANY }, (_, i) => fact(`gone ${i}`));
      const end = { ...fact("over"), key: encodeKey(puts, ["delayed_end", "over"]) };
      await store.batch([fact("open", ALICE), fact("over", BOB), end, ...many]);
      await upgradeStore(store, QUIET);
      const right = [
        [ALICE, "open"],
        [BOB, "over"],
      ];
      expect(await listed(store)).toEqual(right);
      await store.close();
    },
  );

  it("goes on after a power cut at any write, and leaves nothing wrong", async () => {
    const before: StoreOp[] = Array.from({ length: MANY }, (_, i) => fact(`id ${i}`, ALICE));
    const stale = encodeKey(delayedEvents, [BOB, "forgotten by an earlier version"]);
    before.push({ type: "put", key: stale, value: "true" });
    let isDone = false;
    for (let cut = 0; !isDone; cut++) {
      const disk = new MemoryDisk();
      disk.write(before);
      let writes = 0;
      const beforeWrite = (): Promise<void> =>
        writes++ === cut ? Promise.reject(new Error("the power goes")) : Promise.resolve();
      isDone = await makeAddedTables(new MemoryStore(disk, { beforeWrite }), QUIET).then(
        () => true,
        () => false,
      );
      disk.crash();
      const store = new MemoryStore(disk);
      if (!isDone) expect(store.get(TABLES_KEY)).toBeUndefined();
      await makeAddedTables(store, QUIET);
      const found = await listed(store);
      expect([found.length, new Set(found.map(([user]) => user))]).toEqual([
        MANY,
        new Set([ALICE]),
      ]);
      expect(cut).toBeLessThan(10);
    }
  });

  it("makes the later of several tables where the first is kept", async () => {
    const store = new MemoryStore();
    await store.batch([tablesOp(1), { type: "put", key: "x", value: "1" }]);
    const made: string[] = [];
    const table = (name: string) => ({
      table: { name, about: name, scope: "mesh" as const },
      from: { gte: "x", lt: "y" },
      derive: () => {
        made.push(name);
        return [];
      },
    });
    await makeAddedTables(store, QUIET, [table("one"), table("two")]);
    expect([made, store.get(TABLES_KEY)]).toEqual([["two"], "2"]);
    // This version goes on without the second one.
    await makeAddedTables(store, QUIET, [table("one")]);
    expect([made, store.get(TABLES_KEY)]).toEqual([["two"], "1"]);
  });
});

describe("versions that have a store in turn", () => {
  /** A start and an end of this version; what `write` does in between is what the box did. */
  async function use(home: string, write: readonly StoreOp[] = []): Promise<unknown[]> {
    const { store } = await openCheckedStore(home, newStoreId);
    await upgradeStore(store, QUIET);
    await store.batch(write);
    await writeMark(home, markOf(store));
    const found = await listed(store);
    await store.close();
    return found;
  }

  /** The same of one that knows of no added tables. It may lose its power before the end. */
  async function useEarlier(home: string, write: readonly StoreOp[]): Promise<void> {
    const { store } = await openCheckedStore(home, newStoreId);
    const { tables, ...mark } = markOf(store);
    expect(tables).toBe("1");
    await writeMark(home, mark);
    await store.batch(write);
    await store.close();
  }

  it("find the lists made anew by the one that keeps them", async () => {
    const home = tempFolder();
    const row = {
      type: "put",
      key: encodeKey(delayedEvents, [ALICE, "a"]),
      value: "true",
    } as const;
    expect(await use(home, [fact("a", ALICE), row])).toEqual([[ALICE, "a"]]);
    await useEarlier(home, [fact("a"), fact("b", BOB)]);
    expect(await use(home)).toEqual([[BOB, "b"]]);
  });

  it("do not make them anew where none had it in between", async () => {
    const home = tempFolder();
    await use(home);
    await use(home, [fact("not listed", ALICE)]);
    expect(await use(home)).toEqual([]);
  });

  it("make them anew where the mark is lost, which would have said who had it", async () => {
    const home = tempFolder();
    await use(home, [fact("a", ALICE)]);
    rmSync(markPath(home));
    expect(await use(home)).toEqual([[ALICE, "a"]]);
  });
});
