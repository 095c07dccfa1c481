import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { BoxId } from "../../../core/ids.ts";
import { fields, unknownRecords } from "../../../core/tables.ts";
import { defuse } from "../../../mesh/scrub/defuse.ts";
import { openCheckedStore } from "../../../mesh/store/check.ts";
import { checkStart } from "../../../mesh/store/check-start.ts";
import { encodeKey } from "../../../mesh/store/keys.ts";
import { MemoryDisk, MemoryStore } from "../../../mesh/store/memory-store.ts";
import { heardKey, leftKey } from "../../../mesh/store/mesh-keys.ts";
import { hasRemains } from "../../../mesh/store/salvage.ts";
import { storePath } from "../../../mesh/store/spare-folder.ts";
import type { StoreOp } from "../../../mesh/store/store.ts";
import { DAMAGE } from "../../e2e/support/damage.ts";
import { tempFolder } from "../../support/temp-folder.ts";
import { tablesIn } from "../scrub/level-tables.ts";
import { A, JournalFixture } from "./journal-fixture.ts";

const BOX = "aaaaaaaa" as BoxId;
const LISTED = encodeKey(fields, ["mesh", "boxes", BOX]);
const REMOVED = encodeKey(fields, ["mesh", "removed_boxes", BOX]);
const KEPT = encodeKey(unknownRecords, [BOX, 1, 2, 3]);
const ROWS = [LISTED, REMOVED, KEPT, heardKey(BOX), leftKey(1)];
/** More than a block of a table has: what comes after such a row begins a block. */
const LONG_VALUE_BYTES = 16_384;
/** Of a row besides its key and value: their lengths, and what LevelDB adds to a key. */
const ROW_BYTES = 13;

const put = (key: string, value: string): StoreOp => ({ type: "put", key, value });

it.each(ROWS)("finds that the disk does not read %j, at which a start would fail", async (key) => {
  const disk = new MemoryDisk(5);
  await new MemoryStore(disk).batch(ROWS.map((row) => put(row, "{}")));
  expect(await checkStart(new MemoryStore(disk))).toBeUndefined();
  const broken = new MemoryStore(disk);
  const range = broken.range.bind(broken);
  broken.range = async (wanted) => {
    const rows = await range(wanted);
    if (rows.some(([row]) => row === key)) throw new Error("EIO");
    return rows;
  };
  expect(await checkStart(broken)).toBe("the store cannot be read: Error: EIO");
});

it("finds rows that say nothing any more", async () => {
  const store = new MemoryStore(new MemoryDisk(5));
  for (const key of [LISTED, REMOVED, KEPT]) {
    await store.batch([put(key, "{]")]);
    expect(await checkStart(store)).toContain("is damaged");
    await store.batch([{ type: "del", key }]);
  }
  await store.batch([put(LISTED.slice(0, -1), "{}")]);
  expect(await checkStart(store)).toContain("is cut off");
});

it("reads all of them, however many there are", async () => {
  const store = new MemoryStore(new MemoryDisk(5));
  const keys = Array.from({ length: 500 }, (_, i) => encodeKey(unknownRecords, [BOX, 1, i, 0]));
  await store.batch(keys.map((key) => put(key, "{}")));
  expect(await checkStart(store)).toBeUndefined();
  await store.batch([put(keys.at(-1) ?? "", "")]);
  expect(await checkStart(store)).toContain("is damaged");
});

/** Nothing that LevelDB could compress: so it lies in a table as it is. */
const longValue = (): string => JSON.stringify(randomBytes(LONG_VALUE_BYTES).toString("base64"));

it.each([
  [LISTED, "t/a"],
  [KEPT, "t/ua"],
  [heardKey(BOX), "m/g"],
])(
  "a store in which only the block of %j is lost is set aside, with all of its journal",
  async (key, before) => {
    const home = tempFolder();
    let { store } = await openCheckedStore(home, () => "one");
    await new JournalFixture().write(store, A, 20);
    const value = longValue();
    await store.batch([put(before, longValue()), put(key, value)]);
    await store.close();
    // A start moves what is in the log into a table.
    ({ store } = await openCheckedStore(home, () => "one"));
    await store.close();
    const [table = ""] = tablesIn(storePath(home));
    const file = join(storePath(home), table);
    const at = readFileSync(file).indexOf(value.slice(0, 32));
    expect(at).toBeGreaterThan(0);
    DAMAGE.zeroed(file, at - key.length - ROW_BYTES);
    expect(await defuse(storePath(home))).toHaveLength(1);
    const checked = await openCheckedStore(home, () => "two");
    await checked.store.close();
    expect(checked).toMatchObject({
      outcome: "damaged",
      reason: expect.stringContaining("cannot be read"),
    });
    expect(await hasRemains(checked.setAside)).toBe(true);
  },
);
