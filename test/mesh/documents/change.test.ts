import * as Automerge from "@automerge/automerge";
import { describe, expect, it } from "vitest";
import { AutomergeDoc, actorOf } from "../../../mesh/documents/automerge-doc.ts";
import { CHANGE_BYTES_MAX, readChange } from "../../../mesh/documents/change.ts";
import type { Origin } from "../../../core/vector.ts";

const actor = actorOf("aaaaaaaa.1" as Origin);

function foreignChange(
  edit: (handle: ReturnType<typeof Automerge.getBackend>) => void,
): Uint8Array {
  const handle = Automerge.getBackend(Automerge.init({ actor: "00" }));
  edit(handle);
  const hash = handle.commit(undefined, 0) ?? "";
  const change = handle.getChangeByHash(hash);
  if (change === null) throw new Error("no change was made");
  return change;
}

describe("reading a change", () => {
  it("gives its hash, causes and keys", () => {
    const doc = new AutomergeDoc(actor);
    const first = doc.change([["a", "1"]]);
    const second = doc.change([
      ["a", undefined],
      ["b", "2"],
    ]);
    expect(readChange(second.change)).toEqual({
      hash: second.heads[0],
      deps: first.heads,
      edits: new Map([
        ["a", undefined],
        ["b", "2"],
      ]),
      actor,
      seq: 2,
      startOp: 2,
      maxOp: 3,
    });
    doc.free();
  });

  it("refuses bytes that are no change, or are damaged anywhere", () => {
    const doc = new AutomergeDoc(actor);
    const { change } = doc.change([["a", "1"]]);
    expect(() => readChange(new Uint8Array())).toThrow("not a plain change");
    for (let i = 0; i < change.length; i++) {
      const damaged = Uint8Array.from(change);
      damaged[i] = (damaged[i] ?? 0) ^ 0xff;
      expect(() => readChange(damaged)).toThrow(
        expect.objectContaining({ name: "DocumentError", reason: "garbage" }),
      );
      expect(() => readChange(change.subarray(0, i))).toThrow(
        expect.objectContaining({ name: "DocumentError" }),
      );
    }
    doc.free();
  });

  it("refuses what is no flat map of text", () => {
    const shapes = [
      foreignChange((handle) => handle.put("_root", "k", 1, "int")),
      foreignChange((handle) => handle.put("_root", "k", new Uint8Array([1]), "bytes")),
      foreignChange((handle) => handle.put("_root", "k", 1, "counter")),
      foreignChange((handle) => void handle.putObject("_root", "k", {})),
      foreignChange((handle) => void handle.putObject("_root", "k", "text")),
    ];
    for (const change of shapes) {
      expect(() => readChange(change)).toThrow("something other than a map of text");
    }
  });

  it("refuses what is too large, and what would unfold", () => {
    expect(() => readChange(new Uint8Array(CHANGE_BYTES_MAX + 1))).toThrow("too large");
    const doc = new AutomergeDoc(actor);
    const { change } = doc.change([["a", "x".repeat(10_000)]]);
    expect(change.length).toBeGreaterThan(10_000);
    const compressed = Uint8Array.from(change);
    compressed[8] = 2;
    expect(() => readChange(compressed)).toThrow("not a plain change");
    doc.free();
  });
});

describe("actors", () => {
  it("are of one length and differ for each life of each box", () => {
    const actors = ["aaaaaaaa.1", "aaaaaaaa.2", "aaaaaaab.1", "aaaaaaaa.zzzzzzzz"].map((origin) =>
      actorOf(origin as Origin),
    );
    expect(new Set(actors).size).toBe(4);
    expect(new Set(actors.map((text) => text.length))).toEqual(new Set([22]));
  });
});
