import { rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { checkStore } from "../../../mesh/scrub/check-store.ts";
import { storeFiles } from "../../../mesh/scrub/store-files.ts";
import type { StoreFiles } from "../../../mesh/scrub/store-files.ts";
import { readTableList } from "../../../mesh/scrub/table-list.ts";
import { DAMAGE } from "../../e2e/support/damage.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { bytesOf, fill, levelWithTables, run, shownAs, tablesIn } from "./level-tables.ts";

/** A store that is in use, its files, and what a check of it says. */
async function inUse() {
  const folder = tempFolder();
  const db = await levelWithTables(folder);
  onTestFinished(() => db.close());
  const files = storeFiles(folder);
  const unread: unknown[] = [];
  const check = async (shown: StoreFiles = files): Promise<string | undefined> =>
    (await run(checkStore(shown, (error) => unread.push(error)))).result;
  const [table = "", other = ""] = tablesIn(folder);
  return { folder, db, files, unread, check, table, other, file: join(folder, table) };
}

const manifestIn = (folder: string): string => bytesOf(folder, "CURRENT").toString().trim();

describe("the list of tables", () => {
  it("names those that LevelDB has, with their sizes, and no others", async () => {
    const { folder, db, files, file } = await inUse();
    await fill(db, 0);
    writeFileSync(file.replace(/\d+\.ldb$/, "999999.ldb"), "a table that is being written");
    const { result } = await run(readTableList(files));
    const names = [...result.keys()].map((number) => `${String(number).padStart(6, "0")}.ldb`);
    expect(names.toSorted()).toEqual(tablesIn(folder).filter((name) => !name.startsWith("9")));
    for (const [number, sizeBytes] of result) {
      const name = `${String(number).padStart(6, "0")}.ldb`;
      expect(bytesOf(folder, name).length).toBe(sizeBytes);
    }
  });

  it("is read though its end is being written", async () => {
    const { folder, files } = await inUse();
    const name = manifestIn(folder);
    const whole = bytesOf(folder, name);
    for (let cut = 1; cut < 60; cut++) {
      const shown = shownAs(files, (asked) =>
        asked === name ? whole.subarray(0, whole.length - cut) : "as it is",
      );
      await run(readTableList(shown));
    }
  });
});

describe("a store in use", () => {
  it("is sound as it is, and while LevelDB merges its tables", async () => {
    const { db, check, unread } = await inUse();
    expect(await check()).toBeUndefined();
    await Promise.all([check(), fill(db, 1000), check()]).then(([first, , second]) =>
      expect([first, second]).toEqual([undefined, undefined]),
    );
    expect(unread).toEqual([]);
  });

  it.each(["flipped", "zeroed"] as const)("is rotten when an old table is %s", async (damage) => {
    const { check, file, table } = await inUse();
    DAMAGE[damage](file, 1000);
    expect(await check()).toMatch(
      new RegExp(`^table ${table.slice(0, 6)} has a block at byte \\d+ that does not match`),
    );
  });

  it("is rotten when a table is cut off, empty or gone", async () => {
    for (const length of [5000, 0]) {
      const { check, file, table } = await inUse();
      truncateSync(file, length);
      expect(await check()).toMatch(`table ${table.slice(0, 6)} has ${length} bytes instead of`);
    }
    const { check, file, table } = await inUse();
    rmSync(file);
    expect(await check()).toBe(`table ${table.slice(0, 6)} is gone`);
  });

  it("is rotten when the list of tables is, or is gone", async () => {
    const { folder, check } = await inUse();
    const manifest = join(folder, manifestIn(folder));
    DAMAGE.flipped(manifest, 20);
    expect(await check()).toBe("the list of tables does not match its checksum");
    DAMAGE.deleted(join(folder, "CURRENT"), 0);
    expect(await check()).toBe("the list of tables is gone");
  });

  it("is sound though a table vanishes between the list and the look at it", async () => {
    const { db, files, check, table, folder } = await inUse();
    let looks = 0;
    const racing: StoreFiles = {
      open: async (name) => {
        // LevelDB merges it with others just before it is opened for the first time.
        if (name === table && looks++ === 0) await fill(db, 0);
        return files.open(name);
      },
    };
    expect(await check(racing)).toBeUndefined();
    expect(looks).toBeGreaterThan(0);
    expect(tablesIn(folder)).not.toContain(table);
  });

  it("is sound though a table was wrong twice that is on no list any more", async () => {
    const { db, files, check, table, folder } = await inUse();
    const half = bytesOf(folder, table).subarray(0, 1000);
    let looks = 0;
    const dying: StoreFiles = {
      open: async (name) => {
        if (name === table && ++looks === 2) await fill(db, 0);
        return shownAs(files, () => (name === table ? half : "as it is")).open(name);
      },
    };
    expect(await check(dying)).toBeUndefined();
    expect(looks).toBe(2);
  });

  it("is sound though a table was wrong at the first look only", async () => {
    const { files, check, table, folder } = await inUse();
    let looks = 0;
    const half = bytesOf(folder, table).subarray(0, 1000);
    const shown = shownAs(files, (name) => (name === table && looks++ === 0 ? half : "as it is"));
    expect(await check(shown)).toBeUndefined();
    expect(looks).toBe(2);
  });

  it("is sound though tables lie about that are half written or left over", async () => {
    const { folder, check, table } = await inUse();
    writeFileSync(join(folder, "999998.ldb"), "");
    writeFileSync(join(folder, "999999.ldb"), bytesOf(folder, table).subarray(0, 1000));
    expect(await check()).toBeUndefined();
  });

  it("is not called rotten for what the disk does not read; that is told, and the rest is read", async () => {
    const { files, check, table, other, unread, folder } = await inUse();
    const trouble = Object.assign(new Error("EIO: i/o error, read"), { code: "EIO" });
    const failing = shownAs(files, (name) => (name === table ? trouble : "as it is"));
    expect(await check(failing)).toBeUndefined();
    expect(unread).toEqual([trouble]);
    DAMAGE.flipped(join(folder, other), 1000);
    expect(await check(failing)).toMatch(`table ${other.slice(0, 6)} has a block`);
    const blind = shownAs(files, () => trouble);
    expect(await check(blind)).toBeUndefined();
    expect(unread).toEqual([trouble, trouble, trouble]);
  });
});
