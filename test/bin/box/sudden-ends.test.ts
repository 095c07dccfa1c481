import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SuddenEnds } from "../../../bin/box/sudden-ends.ts";
import { QUIET } from "../../support/box-on-disk.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { levelWithTables, tablesIn } from "../../mesh/scrub/level-tables.ts";
import { FakeTimers } from "../../mesh/transport/fake-timers.ts";
import { DAMAGE } from "../../e2e/support/damage.ts";

const MINUTE_MS = 60_000;

/** A home whose store has zeros in a table. */
async function rottenHome() {
  const home = tempFolder();
  const folder = join(home, "store");
  mkdirSync(folder);
  await (await levelWithTables(folder)).close();
  const [table = ""] = tablesIn(folder);
  DAMAGE.zeroed(join(folder, table), 8192);
  const start = async () => {
    const timers = new FakeTimers();
    const ends = await SuddenEnds.open(home, timers, QUIET);
    return { timers, ends };
  };
  return { home, start };
}

describe("a box that ends suddenly", () => {
  it("looks through its store after the third time in a row, before it opens it", async () => {
    const { start } = await rottenHome();
    const marked = [];
    for (let i = 0; i < 4; i++) marked.push((await start()).ends.marked);
    expect(marked).toEqual([
      undefined,
      undefined,
      undefined,
      expect.stringMatching(/^table \d{6} has a/),
    ]);
    // It does not do so at every start that follows.
    expect((await start()).ends.marked).toBeUndefined();
  });

  it("begins to count again after an end in order, or after it has run for some minutes", async () => {
    const { home, start } = await rottenHome();
    await start();
    await start();
    await (await start()).ends.stop();
    expect(readdirSync(home)).toEqual(["store"]);
    for (let i = 0; i < 2; i++) await start();
    const { timers } = await start();
    await timers.advance(6 * MINUTE_MS);
    await expect.poll(() => readdirSync(home)).toEqual(["store"]);
  });

  it("starts whatever the count says, or where there is no store", async () => {
    const home = tempFolder();
    for (const text of ["", "many", "3\n", "99999999"]) {
      writeFileSync(join(home, "starts"), text);
      const { marked } = await SuddenEnds.open(home, new FakeTimers(), QUIET);
      expect(marked).toBeUndefined();
    }
    expect(readFileSync(join(home, "starts"), "utf8")).toMatch(/^\d+\n$/);
    expect(statSync(home).isDirectory()).toBe(true);
  });
});
