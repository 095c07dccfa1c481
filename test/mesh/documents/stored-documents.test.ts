import { beforeEach, describe, expect, it } from "vitest";
import type { DocId } from "../../../core/transaction/records.ts";
import { MemoryStore } from "../../../mesh/store/memory-store.ts";
import type { MemoryDiskFaults } from "../../../mesh/store/memory-store.ts";
import { DOCUMENT_ROWS } from "../../../mesh/store/mesh-keys.ts";
import { Box, contentOf, room } from "./document-box.ts";

let box: Box;
beforeEach(() => {
  box = new Box("aaaaaaaa.1");
});

describe("staged changes", () => {
  it("vanish with an abandoned stage, and the next change continues the sequence", async () => {
    const first = await box.set("k", "1");
    await expect(
      box.run((docs) => {
        docs.change(room, [["k", "lost"]]);
        docs.change(room, [["k", "lost too"]], first.heads);
        throw new Error("the command failed");
      }),
    ).rejects.toThrow("the command failed");
    expect(box.documents.heads(room)).toEqual(first.heads);
    expect(box.documents.get(room, "k")).toBe("1");
    const second = await box.set("k", "2");
    const other = new Box("bbbbbbbb.1");
    for (const { change } of [first, second]) await other.run((docs) => docs.apply(room, change));
    expect(other.documents.get(room, "k")).toBe("2");
  });

  it("vanish when a command goes on after a refused change", async () => {
    await box.run((docs) => {
      docs.change(room, [["k", "1"]]);
      expect(() => docs.change(room, [["big", "x".repeat(600_000)]])).toThrow("too large");
      expect(docs.get(room, "big")).toBeUndefined();
      docs.change(room, [["k", "2"]]);
    });
    const again = new Box("aaaaaaaa.2", { disk: box.disk });
    expect(contentOf(again.documents)).toEqual({ k: "2" });
  });

  it("vanish when the disk refuses them", async () => {
    let failing = false;
    const faults: MemoryDiskFaults = {
      beforeWrite: () => (failing ? Promise.reject(new Error("ENOSPC")) : Promise.resolve()),
    };
    const fragile = new Box("aaaaaaaa.1", { faults });
    await fragile.set("k", "1");
    failing = true;
    await expect(fragile.set("k", "lost")).rejects.toThrow("ENOSPC");
    expect(fragile.documents.get(room, "k")).toBe("1");
    failing = false;
    await fragile.set("k", "2");
    expect(fragile.documents.get(room, "k")).toBe("2");
  });

  it("are read again within the transaction when the document had to be closed", async () => {
    const small = new Box("aaaaaaaa.1", { limits: { openMax: 1 } });
    await small.run((docs) => {
      docs.change(room, [["k", "1"]]);
      docs.change("mesh", [["k", "other"]]);
      expect(docs.get(room, "k")).toBe("1");
      expect(small.documents.get(room, "k")).toBe("1");
      docs.change(room, [["k", "2"]]);
    });
    expect(small.documents.get(room, "k")).toBe("2");
    expect(small.documents.get("mesh", "k")).toBe("other");
  });
});

describe("the stored form", () => {
  it("is a snapshot and a bounded number of changes, and loads to the same document", async () => {
    const limited = new Box("aaaaaaaa.1", { limits: { changesBesideSnapshotMax: 4 } });
    for (let i = 0; i < 10; i++) await limited.set(`k${i}`, String(i));
    const rows = await new MemoryStore(limited.disk).range({ ...DOCUMENT_ROWS, limit: 100 });
    expect(rows).toHaveLength(1 + 2);
    const again = new Box("aaaaaaaa.2", { disk: limited.disk });
    expect(again.documents.heads(room)).toEqual(limited.documents.heads(room));
    expect(contentOf(again.documents)).toEqual(contentOf(limited.documents));
    await again.set("k0", "new");
    expect(new Box("aaaaaaaa.3", { disk: limited.disk }).documents.get(room, "k0")).toBe("new");
  });

  it("keeps documents apart whose names contain each other's keys", async () => {
    const twin = "room:!a" as DocId;
    await box.run((docs) => {
      docs.change(twin, [["k", "twin"]]);
      docs.change(room, [["k", "room"]]);
    });
    const again = new Box("aaaaaaaa.2", { disk: box.disk });
    expect(again.documents.get(twin, "k")).toBe("twin");
    expect(again.documents.get(room, "k")).toBe("room");
  });

  it("is refused when it is damaged, instead of being read in part", async () => {
    await box.set("k", "1");
    await box.set("k", "2");
    const [first] = box.disk.keys;
    box.disk.write([{ type: "put", key: first ?? "", value: "AAAA" }]);
    const again = new Box("aaaaaaaa.2", { disk: box.disk });
    expect(() => again.documents.get(room, "k")).toThrow("cannot be read");
  });
});
