import { beforeEach, expect, it } from "vitest";
import type { RoomId } from "../../../core/ids.ts";
import type { Documents } from "../../../core/ports.ts";
import { roomDoc } from "../../../core/room-document/names.ts";
import type { Origin } from "../../../core/vector.ts";
import { actorOf } from "../../../mesh/documents/automerge-doc.ts";
import { DocumentStore } from "../../../mesh/documents/documents.ts";
import { MemoryDisk, MemoryStore } from "../../../mesh/store/memory-store.ts";
import { StateStore } from "../../../mesh/store/overlay.ts";

const ROOM = "!room" as RoomId;

class Box {
  readonly disk: MemoryDisk;
  readonly documents: DocumentStore;
  readonly #state: StateStore;

  constructor(origin: string, disk = new MemoryDisk()) {
    this.disk = disk;
    this.#state = new StateStore(new MemoryStore(disk));
    this.documents = new DocumentStore(this.#state, actorOf(origin as Origin));
  }

  async run<T>(edit: (docs: Documents) => T): Promise<T> {
    const stage = this.#state.begin();
    try {
      const result = edit(this.documents.on(stage));
      await this.#state.commit(stage);
      return result;
    } catch (error) {
      stage.abandon();
      throw error;
    }
  }
}

let box: Box;
let other: Box;
beforeEach(() => {
  box = new Box("aaaaaaaa.1");
  other = new Box("bbbbbbbb.1");
});

it("a document that is begun is named by its first change and goes on like any other", async () => {
  const begun = await box.run((docs) => docs.begin(ROOM, [["k", "1"]]));
  expect(begun.doc).toBe(roomDoc(ROOM, begun.heads[0]));
  const next = await box.run((docs) => docs.change(begun.doc, [["k", "2"]]));
  for (const { change } of [begun, next]) await other.run((docs) => docs.apply(begun.doc, change));
  for (const { documents } of [box, other, new Box("aaaaaaaa.2", box.disk)]) {
    expect(documents.get(begun.doc, "k", begun.heads)).toBe("1");
    expect(documents.get(begun.doc, "k")).toBe("2");
    expect(documents.heads(begun.doc)).toEqual(next.heads);
  }
});

it("boxes that begin the same apart begin two documents", async () => {
  const [mine, theirs] = [box, other].map((each) =>
    each.run((docs) => docs.begin(ROOM, [["k", "1"]])),
  );
  expect((await mine)?.doc).not.toBe((await theirs)?.doc);
});

it("what is begun in a transaction that is thrown away is not there", async () => {
  let doc = roomDoc(ROOM);
  const failing = box.run((docs) => {
    ({ doc } = docs.begin(ROOM, [["k", "1"]]));
    throw new Error("changed our mind");
  });
  await expect(failing).rejects.toThrow("changed our mind");
  expect(box.documents.heads(doc)).toEqual([]);
  expect(box.disk.entries.size).toBe(0);
});

it("no second history gets under the name of a document", async () => {
  const begun = await box.run((docs) => docs.begin(ROOM, [["k", "1"]]));
  const foreign = await other.run((docs) => docs.begin(ROOM, [["k", "2"]]));
  const later = await other.run((docs) => docs.change(foreign.doc, [["k", "3"]]));
  for (const at of [box, new Box("cccccccc.1")]) {
    const taken = at.run((docs) => docs.apply(begun.doc, foreign.change));
    await expect(taken).rejects.toMatchObject({ reason: "garbage" });
  }
  const without = new Box("cccccccc.1").run((docs) => docs.apply(foreign.doc, later.change));
  await expect(without).rejects.toMatchObject({ reason: "missing-deps" });
});

it("length counts what came after the first change, also after a start", async () => {
  const entries = Array.from({ length: 20 }, (_, i) => [`k${i}`, "1"] as const);
  const { doc } = await box.run((docs) => docs.begin(ROOM, entries));
  const length = (at: Box) => at.run((docs) => docs.length(doc));
  expect(await length(box)).toBe(0);
  await box.run((docs) =>
    docs.change(doc, [
      ["k1", "2"],
      ["k2", "2"],
    ]),
  );
  expect(await length(box)).toBe(2);
  expect(await length(new Box("aaaaaaaa.2", box.disk))).toBe(2);
});

it("branches that set one key apart dispute it, until a change settles it", async () => {
  const { doc, heads: root } = await box.run((docs) => docs.begin(ROOM, [["k", "0"]]));
  const left = await box.run((docs) => docs.change(doc, [["k", "left"]], root));
  const right = await box.run((docs) =>
    docs.change(
      doc,
      [
        ["k", "right"],
        ["only", "right"],
      ],
      root,
    ),
  );
  const both = [...left.heads, ...right.heads].toSorted();
  const { documents } = box;
  expect(documents.all(doc, "k", root)).toEqual(["0"]);
  expect(documents.all(doc, "k", both).toSorted()).toEqual(["left", "right"]);
  expect(documents.all(doc, "only", both)).toEqual(["right"]);
  expect(documents.all(doc, "only", left.heads)).toEqual([]);
  expect(documents.changed(doc, left.heads, right.heads).toSorted()).toEqual(["k", "only"]);
  expect(documents.changed(doc, root, left.heads)).toEqual(["k"]);
  // Whichever of the two shows, the other branch learns that it is disputed.
  for (const { heads } of [left, right]) {
    expect(documents.changed(doc, heads, both)).toContain("k");
    expect(documents.changed(doc, both, heads)).toContain("k");
  }
  const settled = await box.run((docs) => docs.change(doc, [["k", "left"]], both));
  expect(documents.all(doc, "k", settled.heads)).toEqual(["left"]);
  expect(() => documents.changed(doc, root, ["ab".repeat(32)])).toThrow("does not have");
  expect(() => documents.all(doc, "k", ["ab".repeat(32)])).toThrow("does not have");
});
