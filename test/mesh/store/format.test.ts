import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Logger } from "../../../core/ports.ts";
import { openCheckedStore } from "../../../mesh/store/check.ts";
import { storePath } from "../../../mesh/store/spare-folder.ts";
import { formatOf, formatOp, STORE_FORMAT, upgradeStore } from "../../../mesh/store/format.ts";
import type { FormatStep } from "../../../mesh/store/format.ts";
import { openLevelStore } from "../../../mesh/store/level-store.ts";
import { MemoryDisk, MemoryStore } from "../../../mesh/store/memory-store.ts";
import { FORMAT_KEY } from "../../../mesh/store/mesh-keys.ts";
import { readdirSync, readFileSync } from "node:fs";
import { tempFolder } from "../../support/temp-folder.ts";

const quiet = (): void => undefined;
const QUIET: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

/** Steps that leave their number in a row, as often as they run. */
function countingSteps(...formats: number[]): FormatStep[] {
  return formats.map((to) => ({
    to,
    name: `step ${to}`,
    async run(store) {
      const ran = store.get(`x/${to}`) ?? "";
      await store.batch([{ type: "put", key: `x/${to}`, value: `${ran}I` }]);
    },
  }));
}

const ran = (store: MemoryStore): (string | undefined)[] =>
  [2, 3].map((to) => store.get(`x/${to}`));

describe("upgradeStore", () => {
  it("runs the steps that a store has not had, in order, each once", async () => {
    const store = new MemoryStore();
    await upgradeStore(store, QUIET, countingSteps(2));
    expect([ran(store), formatOf(store)]).toEqual([["I", undefined], 2]);
    await upgradeStore(store, QUIET, countingSteps(2, 3));
    await upgradeStore(store, QUIET, countingSteps(2, 3));
    expect([ran(store), formatOf(store)]).toEqual([["I", "I"], 3]);
  });

  it("takes a store from before formats were written down for the first format, and writes it", async () => {
    const store = new MemoryStore();
    expect(formatOf(store)).toBe(1);
    await upgradeStore(store, QUIET, []);
    expect(store.get(FORMAT_KEY)).toBe("1");
  });

  it("goes on after a power cut with the step that was cut", async () => {
    const disk = new MemoryDisk();
    const [first, second] = countingSteps(2, 3);
    const cut: FormatStep = {
      ...second!,
      async run(store) {
        await second!.run(store);
        throw new Error("the power goes");
      },
    };
    await expect(upgradeStore(new MemoryStore(disk), QUIET, [first!, cut])).rejects.toThrow(
      "power",
    );
    disk.crash();
    const store = new MemoryStore(disk);
    await upgradeStore(store, QUIET, [first!, second!]);
    expect([ran(store), formatOf(store)]).toEqual([["I", "II"], 3]);
  });

  it.each(["2", "17"])(
    "leaves a store of format %s, which it does not know, alone",
    async (format) => {
      const disk = new MemoryDisk();
      disk.write([{ type: "put", key: FORMAT_KEY, value: format }]);
      const before = new Map(disk.entries);
      await expect(upgradeStore(new MemoryStore(disk), QUIET, [])).rejects.toMatchObject({
        code: "newer_store",
        message: expect.stringContaining("later version of Hearth"),
      });
      expect(disk.entries).toEqual(before);
    },
  );
});

describe("openCheckedStore", () => {
  it("makes new stores of the present format", async () => {
    const { store } = await openCheckedStore(tempFolder(), () => "name");
    expect(store.get(FORMAT_KEY)).toBe(String(STORE_FORMAT));
    await store.close();
  });

  it("takes a format that nobody ever wrote for damage", async () => {
    const home = tempFolder();
    const { store } = await openCheckedStore(home, () => "name");
    await store.batch([{ type: "put", key: FORMAT_KEY, value: "q" }]);
    await store.close();
    const again = await openCheckedStore(home, () => "other");
    expect(again).toMatchObject({ outcome: "damaged", reason: expect.stringContaining("format") });
    await again.store.close();
  });

  it("does not set a store of a later version aside as damaged; that version opens it again", async () => {
    const home = tempFolder();
    const { store } = await openCheckedStore(home, () => "name");
    // To this version, what else a later one may write looks like damage.
    const op = { type: "put" as const, key: "j/not-an-origin", value: "not an entry" };
    await store.batch([formatOp(STORE_FORMAT + 1), op]);
    await store.close();
    const mark = readFileSync(join(home, "mark.json"), "utf8");
    await expect(openCheckedStore(home, () => "other")).rejects.toThrow("left as it is");
    expect(readdirSync(home).toSorted()).toEqual(["mark.json", "store"]);
    expect(readFileSync(join(home, "mark.json"), "utf8")).toBe(mark);
    const again = await openLevelStore(storePath(home));
    expect(again.get("j/not-an-origin")).toBe("not an entry");
    await again.close();
  });
});
