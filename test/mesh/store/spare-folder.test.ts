import type * as Fs from "node:fs/promises";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openCheckedStore } from "../../../mesh/store/check.ts";
import { STORE_ID_KEY } from "../../../mesh/store/mesh-keys.ts";
import { SpareFolder, finishSwap } from "../../../mesh/store/spare-folder.ts";
import { A, JournalFixture } from "./journal-fixture.ts";

/** Changes to folders until the power goes; the one at which it goes does not happen. */
const power = vi.hoisted(() => ({ changesLeft: Number.POSITIVE_INFINITY, changes: 0 }));
vi.mock("node:fs/promises", async (original) => {
  const fs = await original<typeof Fs>();
  const counted =
    <A extends unknown[], R>(change: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      power.changes++;
      if (power.changesLeft-- <= 0) throw new Error("the power is gone");
      return change(...args);
    };
  return { ...fs, rename: counted(fs.rename), rm: counted(fs.rm) };
});

const MIB = 1024 * 1024;
let home: string;
beforeEach(async () => {
  power.changesLeft = Number.POSITIVE_INFINITY;
  home = await mkdtemp(join(tmpdir(), "hearth-spare-"));
});
afterEach(async () => {
  power.changesLeft = Number.POSITIVE_INFINITY;
  await rm(home, { recursive: true });
});

const put = (value: string) => [{ type: "put", key: STORE_ID_KEY, value }] as const;

/** A home with a store and its mark, and a whole copy beside it. */
async function withCopy(): Promise<SpareFolder> {
  const { store } = await openCheckedStore(home, () => "old");
  await new JournalFixture().write(store, A, 3);
  await store.close();
  const spare = new SpareFolder(home);
  const copy = await spare.begin(1000);
  await new JournalFixture().write(copy, A, 5);
  await copy.batch(put("new"));
  await copy.close();
  return spare;
}

/** What a box finds that starts now. */
async function found(): Promise<{ name: string | undefined; outcome: string }> {
  const { store, outcome } = await openCheckedStore(home, () => "another");
  const name = store.get(STORE_ID_KEY);
  await store.close();
  return { name, outcome };
}

test("a copy takes the place of the store", async () => {
  const spare = await withCopy();
  await spare.swap();
  expect(await found()).toEqual({ name: "new", outcome: "ok" });
  expect((await readdir(home)).toSorted()).toEqual(["mark.json", "store"]);
});

test("a copy that was not finished is thrown away, and the store stays", async () => {
  await withCopy();
  expect(await found()).toEqual({ name: "old", outcome: "ok" });
  expect((await readdir(home)).toSorted()).toEqual(["mark.json", "store"]);
});

test("a crash at any step leaves the one store or the other, whole", async () => {
  const names: (string | undefined)[] = [];
  for (let step = 0; ; step++) {
    const spare = await withCopy();
    power.changes = 0;
    power.changesLeft = step;
    const isDone = await spare.swap().then(
      () => true,
      () => false,
    );
    // The next start may be cut off as well.
    for (let again = 0; again < 4; again++) {
      power.changesLeft = again;
      await finishSwap(home).catch(() => undefined);
    }
    power.changesLeft = Number.POSITIVE_INFINITY;
    const { name, outcome } = await found();
    expect(outcome, `after ${step} steps`).toBe("ok");
    names.push(name);
    await rm(home, { recursive: true });
    home = await mkdtemp(join(tmpdir(), "hearth-spare-"));
    if (isDone) break;
  }
  expect(names.length).toBeGreaterThan(4);
  expect(names[0]).toBe("old");
  expect(new Set(names.slice(1))).toEqual(new Set(["new"]));
});

test("what was begun before is gone when another copy begins", async () => {
  const spare = await withCopy();
  const copy = await spare.begin(1000);
  expect(copy.get(STORE_ID_KEY)).toBeUndefined();
  await copy.close();
  await spare.discard();
  expect(await readdir(home)).not.toContain("store.incoming");
});

test("a copy that has no room is not begun, and the reason says how much it needs", async () => {
  const spare = new SpareFolder(home, { freeBytes: () => Promise.resolve(150 * MIB) });
  await expect(spare.begin(100 * MIB)).rejects.toThrow(
    "the disk has 150 MiB free, and copying everything takes 189",
  );
  const copy = await spare.begin(50 * MIB);
  await copy.close();
});
