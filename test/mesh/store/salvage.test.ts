import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openLevelStore } from "../../../mesh/store/level-store.ts";
import { salvage } from "../../../mesh/store/salvage.ts";
import { BLOCK_BYTES, DAMAGE } from "../../e2e/support/damage.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import type { StoreOp } from "../../../mesh/store/store.ts";
import { tablesIn } from "../scrub/level-tables.ts";
import { A, B, JournalFixture } from "./journal-fixture.ts";

const ENTRIES = 400;
const ENTRY_BYTES = 3000;
/** Entries that lie at least partly in a block of the card. */
const LOST_MAX = 20;

test("zeros of which LevelDB dies cost the entries that were there, and the rest is read", async () => {
  // Like what is encrypted, it is not compressed: LevelDB takes zeros in it for rows.
  for (const part of [0.1, 0.3, 0.5, 0.7]) {
    const fixture = new JournalFixture((size) => randomBytes(size / 2).toString("hex"));
    const folder = tempFolder();
    await writeTable(
      folder,
      Array.from({ length: ENTRIES }, () => fixture.next(A, ENTRY_BYTES)),
    );
    const [name = ""] = tablesIn(folder);
    const table = join(folder, name);
    // LevelDB compares the rows of one table with those of the other.
    await writeTable(folder, [fixture.next(B)]);
    const { size } = statSync(table);
    expect(size).toBeGreaterThan(20 * BLOCK_BYTES);
    DAMAGE.zeroed(table, Math.floor(size * part));
    let count = 0;
    for await (const { text } of salvage(folder)) {
      expect([...fixture.texts.values()].includes(text)).toBe(true);
      count++;
    }
    expect(count).toBeLessThan(ENTRIES + 1);
    expect(count).toBeGreaterThan(ENTRIES - LOST_MAX);
  }
});

async function writeTable(folder: string, ops: readonly StoreOp[][]): Promise<void> {
  const store = await openLevelStore(folder);
  await store.batch(ops.flat());
  await store.close();
  // A start moves what is in the log into a table.
  await (await openLevelStore(folder)).close();
}
