import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Store, StoreOp, StoreRange } from "../../../mesh/store/store.ts";

/** What a `Store` must do, whatever it is made of. `open` gives an empty one. */
export function storeSuite(name: string, open: () => Promise<Store>): void {
  const put = (key: string, value: string): StoreOp => ({ type: "put", key, value });
  const del = (key: string): StoreOp => ({ type: "del", key });

  describe(`store: ${name}`, () => {
    let store: Store;
    beforeEach(async () => {
      store = await open();
    });
    afterEach(async () => {
      await store.close();
    });

    const keys = async (range: StoreRange): Promise<string[]> =>
      (await store.range(range)).map(([key]) => key);

    it("gives back what was written, NUL and astral text included", async () => {
      await store.batch([put("a\0b", "v\0w"), put("😀", "ß😀"), put("empty", "")]);
      expect(store.get("a\0b")).toBe("v\0w");
      expect(store.get("😀")).toBe("ß😀");
      expect(store.get("empty")).toBe("");
      expect(store.get("a")).toBeUndefined();
    });

    it("takes the last of several operations on one key in a batch", async () => {
      await store.batch([put("a", "1"), del("a"), put("a", "2"), put("b", "1"), del("b")]);
      expect(store.get("a")).toBe("2");
      expect(store.get("b")).toBeUndefined();
    });

    it("orders keys by their UTF-8 bytes, not by UTF-16 units", async () => {
      const sorted = [
        "",
        "\u007f",
        "\u00e9",
        "\ud7ff",
        "\ue000",
        "\uffff",
        "😀",
        "😀a",
        "\u{10ffff}",
      ];
      const shuffled = [4, 7, 0, 2, 8, 5, 3, 6, 1].map((i) => put(`k${sorted[i]}`, "v"));
      await store.batch(shuffled);
      expect(await keys({ limit: 100 })).toEqual(sorted.map((key) => `k${key}`));
      expect(await keys({ gt: "k\uffff", lt: "k\u{10ffff}", limit: 9 })).toEqual(["k😀", "k😀a"]);
    });

    it("reads ranges with every kind of bound, both ways, up to the limit", async () => {
      await store.batch(["a", "b", "c", "d", "e"].map((key) => put(key, key)));
      expect(await keys({ gte: "b", lt: "d", limit: 9 })).toEqual(["b", "c"]);
      expect(await keys({ gt: "b", lte: "d", limit: 9 })).toEqual(["c", "d"]);
      expect(await keys({ gt: "b", limit: 2 })).toEqual(["c", "d"]);
      expect(await keys({ lt: "d", reverse: true, limit: 2 })).toEqual(["c", "b"]);
      expect(await keys({ gt: "d", lt: "b", limit: 9 })).toEqual([]);
      expect(await keys({ limit: 0 })).toEqual([]);
    });

    it("keeps a snapshot as it was, through changes, deletions and additions", async () => {
      await store.batch([put("a", "1"), put("b", "1"), put("c", "1")]);
      using snapshot = store.snapshot();
      await store.batch([put("a", "2"), del("b"), put("d", "2")]);
      await store.batch([put("b", "3"), del("c")]);
      expect(["a", "b", "c", "d"].map((key) => snapshot.get(key))).toEqual([
        "1",
        "1",
        "1",
        undefined,
      ]);
      expect(await snapshot.range({ limit: 9 })).toEqual([
        ["a", "1"],
        ["b", "1"],
        ["c", "1"],
      ]);
      expect(await snapshot.range({ gt: "a", reverse: true, limit: 1 })).toEqual([["c", "1"]]);
      expect(await keys({ limit: 9 })).toEqual(["a", "b", "d"]);
    });

    it("does not read from a closed snapshot", async () => {
      const snapshot = store.snapshot();
      snapshot.close();
      snapshot.close();
      await expect(snapshot.range({ limit: 1 })).rejects.toThrow("the snapshot is open");
      expect(() => snapshot.get("a")).toThrow("the snapshot is open");
    });

    it("answers 503 once it is closed", async () => {
      await store.close();
      expect(() => store.get("a")).toThrow(expect.objectContaining({ status: 503 }));
    });

    it("behaves like a sorted map under random batches and ranges", async () => {
      const key = fc.stringMatching(/^[ab\0\ud7ff😀\uffff]{0,4}$/u).map((text) => `k${text}`);
      const op: fc.Arbitrary<StoreOp> = fc.oneof(
        fc.tuple(key, fc.string({ maxLength: 4 })).map(([k, v]) => put(k, v)),
        key.map(del),
      );
      const model = new Map<string, string>();
      const inOrder = (): [string, string][] =>
        [...model].toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const step = fc.asyncProperty(
        fc.array(op, { maxLength: 8 }),
        key,
        key,
        async (ops, low, high) => {
          await store.batch(ops);
          for (const o of ops) {
            if (o.type === "put") model.set(o.key, o.value);
            else model.delete(o.key);
          }
          const bytes = (text: string): Buffer => Buffer.from(text);
          expect(await store.range({ limit: 1000 })).toEqual(inOrder());
          expect(await store.range({ gte: low, lt: high, limit: 1000 })).toEqual(
            inOrder().filter(
              ([k]) =>
                Buffer.compare(bytes(k), bytes(low)) >= 0 &&
                Buffer.compare(bytes(k), bytes(high)) < 0,
            ),
          );
        },
      );
      await fc.assert(step, { numRuns: 100, endOnFailure: true });
    });

    it("says how large it is", async () => {
      await store.batch([put("a", "x".repeat(5000))]);
      expect(await store.sizeBytes()).toBeGreaterThan(0);
    });
  });
}
