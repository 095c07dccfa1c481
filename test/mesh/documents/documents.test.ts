import { beforeEach, describe, expect, it } from "vitest";
import { Box, contentOf, room } from "./document-box.ts";

let box: Box;
beforeEach(() => {
  box = new Box("aaaaaaaa.1");
});

describe("a document", () => {
  it("begins empty, without heads", () => {
    expect(box.documents.heads(room)).toEqual([]);
    expect(box.documents.get(room, "k")).toBeUndefined();
    expect(contentOf(box.documents)).toEqual({});
  });

  it("is a map of text, now and at earlier heads", async () => {
    const one = await box.set("k", "1");
    const two = await box.set("k", "2");
    await box.set("k", undefined);
    const { documents } = box;
    expect(documents.get(room, "k", [])).toBeUndefined();
    expect(documents.get(room, "k", one.heads)).toBe("1");
    expect(documents.get(room, "k", two.heads)).toBe("2");
    expect(documents.get(room, "k")).toBeUndefined();
    expect(contentOf(documents, one.heads)).toEqual({ k: "1" });
  });

  it("keeps empty, long, astral and NUL text", async () => {
    const values = { "a\u001f": "", "": "x", "😀\0": "ß\0😀", long: "y".repeat(100_000) };
    await box.run((docs) => docs.change(room, Object.entries(values)));
    expect(contentOf(box.documents)).toEqual(values);
    expect(contentOf(new Box("aaaaaaaa.2", { disk: box.disk }).documents)).toEqual(values);
  });

  it("gives equal hashes for equal histories", async () => {
    const other = new Box("aaaaaaaa.1");
    for (const it of [box, other]) {
      const first = await it.set("k", "1");
      await it.set("k", "2");
      await it.set("k", "3", first.heads);
    }
    expect(box.documents.heads(room)).toEqual(other.documents.heads(room));
    expect(box.documents.heads(room)).toHaveLength(2);
  });

  it("makes a change even of edits that change nothing, at old heads too", async () => {
    const one = await box.set("k", "1");
    await box.set("k", "2");
    const same = await box.set("k", "1", one.heads);
    const gone = await box.set("missing", undefined, one.heads);
    expect(box.documents.get(room, "k", same.heads)).toBe("1");
    expect(contentOf(box.documents, gone.heads)).toEqual({ k: "1" });
    const merged = await box.run((docs) => docs.change(room, []));
    expect(box.documents.heads(room)).toEqual(merged.heads);
  });

  it("refuses heads that it does not have, rather than to read an empty map", async () => {
    await box.set("k", "1");
    const unknown = ["ab".repeat(32)];
    expect(box.documents.contains(room, unknown)).toBe(false);
    expect(box.documents.contains(room, ["no hash"])).toBe(false);
    expect(() => box.documents.get(room, "k", unknown)).toThrow("does not have these heads");
    await expect(box.set("k", "2", unknown)).rejects.toThrow("does not have these heads");
  });
});

describe("a change at earlier heads", () => {
  it("forks the document, and the next change on everything joins it", async () => {
    const root = await box.set("k", "0");
    const left = await box.set("left", "1");
    const right = await box.set("right", "1", root.heads);
    const further = await box.set("right", "2", right.heads);
    const { documents } = box;
    expect(documents.heads(room)).toEqual([...left.heads, ...further.heads].toSorted());
    expect(contentOf(documents, further.heads)).toEqual({ k: "0", right: "2" });
    const joined = await box.set("k", "3");
    expect(documents.heads(room)).toEqual(joined.heads);
    expect(contentOf(documents)).toEqual({ k: "3", left: "1", right: "2" });
  });

  it("works for many forks, whose changes another box takes in any causal order", async () => {
    const root = await box.set("k", "0");
    const changes = [root.change];
    for (let i = 0; i < 5; i++) {
      const fork = await box.set("k", `fork ${i}`, root.heads);
      const next = await box.set(`n${i}`, "x", fork.heads);
      changes.push(fork.change, next.change);
    }
    const other = new Box("bbbbbbbb.1");
    for (const change of changes) await other.run((docs) => docs.apply(room, change));
    expect(other.documents.heads(room)).toEqual(box.documents.heads(room));
    expect(contentOf(other.documents)).toEqual(contentOf(box.documents));
  });

  it("goes on after a restart without reusing a sequence", async () => {
    const root = await box.set("k", "0");
    await box.set("k", "1");
    await box.set("k", "fork", root.heads);
    const again = new Box("aaaaaaaa.1", { disk: box.disk });
    await again.set("k", "second fork", root.heads);
    await again.set("k", "2");
    const other = new Box("bbbbbbbb.1", { disk: again.disk });
    expect(other.documents.get(room, "k")).toBe("2");
  });
});

describe("changes of other boxes", () => {
  it("are applied once, and say which keys they edit", async () => {
    const made = await box.run((docs) =>
      docs.change(room, [
        ["a", "1"],
        ["b", "2"],
        ["a", "3"],
      ]),
    );
    const other = new Box("bbbbbbbb.1");
    expect(await other.run((docs) => docs.apply(room, made.change))).toEqual(["a", "b"]);
    const rows = other.disk.entries.size;
    expect(await other.run((docs) => docs.apply(room, made.change))).toEqual([]);
    expect(other.disk.entries.size).toBe(rows);
    expect(contentOf(other.documents)).toEqual({ a: "3", b: "2" });
  });

  it("merge to the same document whatever the order", async () => {
    const other = new Box("bbbbbbbb.1");
    const mine = await box.set("k", "mine");
    const theirs = await other.set("k", "theirs");
    await box.run((docs) => docs.apply(room, theirs.change));
    await other.run((docs) => docs.apply(room, mine.change));
    expect(other.documents.heads(room)).toEqual(box.documents.heads(room));
    expect(contentOf(other.documents)).toEqual(contentOf(box.documents));
  });

  it("are refused without their causes", async () => {
    await box.set("k", "1");
    const second = await box.set("k", "2");
    const other = new Box("bbbbbbbb.1");
    await expect(other.run((docs) => docs.apply(room, second.change))).rejects.toMatchObject({
      reason: "missing-deps",
    });
    expect(other.documents.heads(room)).toEqual([]);
  });

  it("are refused when they reuse a sequence, and do no harm", async () => {
    const clone = new Box("aaaaaaaa.1");
    const mine = await box.set("k", "mine");
    const twin = await clone.set("k", "twin");
    await expect(box.run((docs) => docs.apply(room, twin.change))).rejects.toMatchObject({
      reason: "forked",
    });
    expect(box.documents.heads(room)).toEqual(mine.heads);
    await box.set("k", "next");
    expect(box.documents.get(room, "k")).toBe("next");
  });
});

describe("maximal heads", () => {
  it("leave out what another set contains", async () => {
    const root = await box.set("k", "0");
    const left = await box.set("k", "left");
    const right = await box.set("k", "right", root.heads);
    const joined = await box.set("k", "joined");
    const { documents } = box;
    expect(documents.maximal(room, [root.heads, left.heads, right.heads])).toEqual([
      left.heads,
      right.heads,
    ]);
    expect(documents.maximal(room, [left.heads, joined.heads, right.heads])).toEqual([
      joined.heads,
    ]);
    expect(documents.maximal(room, [left.heads, left.heads])).toEqual([left.heads]);
    expect(documents.maximal(room, [[], root.heads])).toEqual([root.heads]);
    expect(documents.maximal(room, [[], []])).toEqual([[]]);
    const both = [...left.heads, ...right.heads].toSorted();
    expect(documents.maximal(room, [left.heads, both, right.heads])).toEqual([both]);
  });
});
