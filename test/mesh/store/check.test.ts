import {
  cp,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openCheckedStore } from "../../../mesh/store/check.ts";
import type { CheckedStore } from "../../../mesh/store/check.ts";
import { openLevelStore } from "../../../mesh/store/level-store.ts";
import { markOf, readMark, writeMark } from "../../../mesh/store/mark.ts";
import { JOURNAL_ROWS, STORE_ID_KEY, journalKey } from "../../../mesh/store/mesh-keys.ts";
import { hasRemains, salvage } from "../../../mesh/store/salvage.ts";
import { storePath } from "../../../mesh/store/spare-folder.ts";
import { UNREADABLE } from "../../support/unreadable.ts";
import { A, B, JournalFixture } from "./journal-fixture.ts";

const PAGE = 4096;
let root: string;
let original: string;
let home: string;
let homes = 0;
let ids = 0;
const newId = (): string => `store ${++ids}`;
const fixture = new JournalFixture();

/** A home whose store has entries in table files, in the log, and a mark that knows them all. */
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "hearth-check-"));
  original = join(root, "original");
  await mkdir(original);
  let { store } = await openCheckedStore(original, newId);
  await fixture.write(store, A, 60, 1000);
  await fixture.write(store, B, 20);
  await store.close();
  // Opening moves the log into a table file.
  ({ store } = await openCheckedStore(original, newId));
  await fixture.write(store, A, 30, 1000);
  await writeMark(original, markOf(store));
  await store.close();
});
afterAll(async () => {
  await rm(root, { recursive: true });
});
beforeEach(async () => {
  home = join(root, `home${homes++}`);
  await cp(original, home, { recursive: true });
});

async function check(): Promise<Omit<CheckedStore, "store"> & { entries: Map<string, string> }> {
  const { store, ...rest } = await openCheckedStore(home, newId);
  const entries = new Map(await store.range({ ...JOURNAL_ROWS, limit: 1000 }));
  expect(store.get(STORE_ID_KEY)).toBe((await readMark(home))?.store);
  await store.close();
  return { ...rest, entries };
}

async function salvaged(path: string): Promise<number> {
  let count = 0;
  for await (const { text } of salvage(path)) {
    expect([...fixture.texts.values()]).toContain(text);
    count++;
  }
  return count;
}

const files = async (pattern: RegExp): Promise<string[]> =>
  (await readdir(storePath(home))).filter((name) => pattern.test(name)).toSorted();
const inStore = (name: string): string => join(storePath(home), name);

describe("the start", () => {
  it("finds a sound store sound, again and again", async () => {
    for (let i = 0; i < 3; i++) {
      expect(await check()).toEqual({ outcome: "ok", setAside: [], entries: fixture.texts });
    }
  });

  it("begins a fresh store in a new home, and knows it again", async () => {
    home = await mkdtemp(join(root, "new-"));
    expect(await check()).toMatchObject({ outcome: "fresh", setAside: [] });
    expect(await check()).toMatchObject({ outcome: "ok" });
  });

  it("goes on without a mark, or with a damaged one, and writes it anew", async () => {
    for (const text of [undefined, "", "{", '{"store":1}', "x".repeat(100_000)]) {
      await rm(join(home, "mark.json"));
      if (text !== undefined) await writeFile(join(home, "mark.json"), text);
      expect(await check()).toMatchObject({ outcome: "ok", entries: fixture.texts });
    }
  });

  it("does not serve an empty store when its folder was deleted or emptied", async () => {
    await rm(storePath(home), { recursive: true });
    expect(await check()).toMatchObject({ outcome: "damaged", reason: "the store is gone" });
    await rm(storePath(home), { recursive: true });
    await mkdir(storePath(home));
    expect(await check()).toMatchObject({ outcome: "damaged", reason: "the store is gone" });
  });

  it("notices another box's store under its mark", async () => {
    await writeMark(home, { store: "another", vector: {}, hashes: {} });
    const { outcome, setAside } = await check();
    expect(outcome).toBe("damaged");
    expect(await hasRemains(setAside)).toBe(true);
    expect(await salvaged(setAside[0] ?? "")).toBe(fixture.texts.size);
  });

  it("throws, and moves nothing, while another process has the store", async () => {
    const store = await openLevelStore(storePath(home));
    await expect(openCheckedStore(home, newId)).rejects.toThrow("failed to open");
    await store.close();
    expect(await check()).toMatchObject({ outcome: "ok", setAside: [] });
  });

  it("notices an empty log", async () => {
    const [log] = await files(/\.log$/);
    await truncate(inStore(log ?? ""), 0);
    const { outcome, setAside } = await check();
    expect(outcome).toBe("damaged");
    expect(await salvaged(setAside[0] ?? "")).toBe(fixture.texts.size - 30);
  });

  it("saves what can be read when CURRENT or the manifest is gone, empty or zeroed", async () => {
    const [manifest] = await files(/^MANIFEST/);
    for (const name of ["CURRENT", manifest ?? ""]) {
      for (const damage of ["delete", "empty", "zero"]) {
        await rm(home, { recursive: true });
        await cp(original, home, { recursive: true });
        if (damage === "delete") await rm(inStore(name));
        else {
          const { size } = await stat(inStore(name));
          await writeFile(inStore(name), Buffer.alloc(damage === "zero" ? size : 0));
        }
        const { outcome, setAside } = await check();
        expect(outcome).toBe("damaged");
        expect(await salvaged(setAside[0] ?? ""), `${name}: ${damage}`).toBe(fixture.texts.size);
      }
    }
  });

  it("remembers that a repair is due until its folder is gone, whatever was damaged", async () => {
    await rm(storePath(home), { recursive: true });
    const { setAside } = await check();
    expect(await salvaged(setAside[0] ?? "")).toBe(0);
    expect(await hasRemains(setAside)).toBe(false);
    expect(await check()).toMatchObject({ outcome: "damaged", setAside });
    await rm(setAside[0] ?? "", { recursive: true });
    expect(await check()).toMatchObject({ outcome: "ok", setAside: [] });
  });

  it("salvages no entry that was altered, only what hashes vouch for", async () => {
    const store = await openLevelStore(storePath(home));
    const text = store.get(journalKey(A, 5))?.replace("xxx", "xyx") ?? "";
    const last = store.get(journalKey(B, 20))?.replace("xxx", "xyx") ?? "";
    await store.batch([
      { type: "put", key: journalKey(A, 5), value: text },
      { type: "put", key: journalKey(B, 20), value: last },
    ]);
    await store.close();
    const { reason, setAside } = await check();
    expect(reason).toBe(`entry 20 of ${B} is another one than it was`);
    expect(await salvaged(setAside[0] ?? "")).toBe(fixture.texts.size - 2);
  });

  it("keeps few damaged stores, the newest, and the one that has the data", async () => {
    for (let i = 0; i < 5; i++) {
      await writeFile(inStore("CURRENT"), "");
      await check();
    }
    const { setAside } = await check();
    expect(setAside.map((path) => path.slice(home.length + 1))).toEqual([
      "store.damaged-1",
      "store.damaged-4",
      "store.damaged-5",
    ]);
    expect(await salvaged(setAside[0] ?? "")).toBe(fixture.texts.size);
  });

  it("keeps those that have something longer than those for stores that were gone", async () => {
    for (let i = 0; i < 3; i++) {
      await writeFile(inStore("CURRENT"), "");
      await check();
    }
    await rm(storePath(home), { recursive: true });
    const { outcome, setAside } = await check();
    expect(outcome).toBe("damaged");
    expect(setAside.map((path) => path.slice(home.length + 1))).toEqual([
      "store.damaged-1",
      "store.damaged-2",
      "store.damaged-3",
    ]);
  });

  it("sets aside what the disk does not read, and takes it for one that may have something", async () => {
    await rm(inStore("CURRENT"));
    await symlink(UNREADABLE, inStore("CURRENT"));
    const found = await check();
    expect(found).toMatchObject({ outcome: "damaged", reason: expect.stringContaining("EIO") });
    await rm(storePath(home), { recursive: true });
    // Neither is a file read as a folder.
    await writeFile(storePath(home), "");
    const { reason, setAside } = await check();
    expect(reason).toContain("ENOTDIR");
    expect(await hasRemains(setAside.slice(1))).toBe(true);
    expect(await salvaged(setAside[0] ?? "")).toBe(fixture.texts.size);
    expect(await salvaged(setAside[1] ?? "")).toBe(0);
  });
});

describe("damage at any place of any file", () => {
  const damages: Record<string, (bytes: Buffer, at: number) => Buffer> = {
    "zeroed page": (bytes, at) => Buffer.from(bytes).fill(0, at, Math.min(at + PAGE, bytes.length)),
    "cut off": (bytes, at) => bytes.subarray(0, at),
    "flipped byte": (bytes, at) => {
      const copy = Buffer.from(bytes);
      copy[at] = (copy[at] ?? 0) ^ 0x5a;
      return copy;
    },
  };

  it.each(Object.keys(damages))("is either harmless or noticed: %s", async (name) => {
    const seen = { ok: 0, damaged: 0, saved: 0 };
    for (const file of await files(/\.(ldb|log)$|^MANIFEST|^CURRENT/)) {
      const bytes = await readFile(join(storePath(original), file));
      const step = Math.max(1, Math.floor(bytes.length / 8));
      for (let at = 0; at < bytes.length; at += step) {
        await rm(home, { recursive: true });
        await cp(original, home, { recursive: true });
        await writeFile(inStore(file), damages[name]?.(bytes, at) ?? bytes);
        const { outcome, entries, setAside } = await check();
        if (outcome === "ok") {
          seen.ok++;
          expect(entries, `${file} at ${at}`).toEqual(fixture.texts);
        } else {
          seen.damaged++;
          seen.saved += await salvaged(setAside[0] ?? "");
        }
      }
    }
    expect(seen.damaged).toBeGreaterThan(0);
    expect(seen.saved).toBeGreaterThan(0);
  });
});
