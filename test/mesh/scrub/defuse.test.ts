import { createHash } from "node:crypto";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { defuse } from "../../../mesh/scrub/defuse.ts";
import { openLevelStore } from "../../../mesh/store/level-store.ts";
import type { LevelStore } from "../../../mesh/store/level-store.ts";
import { DAMAGE } from "../../e2e/support/damage.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { bytesOf, keyOf, levelWithTables, tablesIn } from "./level-tables.ts";

const ROWS = 2000;
/** Values of which LevelDB reads zeros in the middle as rows, and ends the process. */
const longValue = (row: number): string =>
  Array.from({ length: 16 }, (_, i) => sha256(`${row}/${i}`)).join("");

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

async function closedStore(): Promise<{ folder: string; table: string }> {
  const folder = tempFolder();
  const store = await openLevelStore(folder);
  const rows = Array.from({ length: ROWS }, (_, row) => row);
  await store.batch(rows.map((row) => ({ type: "put", key: keyOf(row), value: longValue(row) })));
  await store.close();
  // A start moves what is in the log into a table.
  await (await openLevelStore(folder)).close();
  return { folder, table: join(folder, tablesIn(folder)[0] ?? "") };
}

/** How many rows are right, and how many cannot be read; none may be missing or wrong. */
function readAll(store: LevelStore): { readonly right: number; readonly refused: number } {
  let refused = 0;
  for (let row = 0; row < ROWS; row++) {
    let value;
    try {
      value = store.get(keyOf(row));
    } catch {
      refused++;
      continue;
    }
    expect(value).toBe(longValue(row));
  }
  return { right: ROWS - refused, refused };
}

describe("a closed store with zeros in it", () => {
  it.each([0, 8192, 500_000, 1_000_000])(
    "from byte %d on can be read without dying of it, but for the rows that were there",
    async (at) => {
      const { folder, table } = await closedStore();
      DAMAGE.zeroed(table, at);
      const found = await defuse(folder);
      expect(found.length).toBeGreaterThan(0);
      expect(found[0]).toMatch(/^table \d{6} has a block at byte \d+ that does not match/);
      const store = await openLevelStore(folder);
      const { right, refused } = readAll(store);
      expect(right).toBeGreaterThan(ROWS - 20);
      expect(refused).toBeGreaterThan(0);
      await expect(store.range({ gte: "row", limit: ROWS })).rejects.toThrow("cannot read");
      await store.close();
    },
  );

  it("in its index or at its end says that the table is damaged, and opens", async () => {
    for (const fromEnd of [6000, 4096]) {
      const { folder, table } = await closedStore();
      DAMAGE.zeroed(table, bytesOf(folder, tablesIn(folder)[0] ?? "").length - fromEnd);
      expect(await defuse(folder)).toHaveLength(1);
      const store = await openLevelStore(folder);
      expect(() => store.get(keyOf(5))).toThrow("cannot read");
      await store.close();
    }
  });
});

describe("a closed store", () => {
  it("that is sound stays as it is", async () => {
    const folder = tempFolder();
    await (await levelWithTables(folder)).close();
    const before = tablesIn(folder).map((name) => bytesOf(folder, name));
    expect(await defuse(folder)).toEqual([]);
    expect(tablesIn(folder).map((name) => bytesOf(folder, name))).toEqual(before);
  });

  it("with a flipped bit in a value keeps the row, which its hash may tell from another one", async () => {
    const { folder, table } = await closedStore();
    DAMAGE.flipped(table, 500);
    expect(await defuse(folder)).toEqual([]);
  });
});
