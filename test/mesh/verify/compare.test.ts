import { describe, expect, it } from "vitest";
import type { RoomId } from "../../../core/ids.ts";
import type { Key } from "../../../core/table.ts";
import { events, rooms, TABLES } from "../../../core/tables.ts";
import { encodeKey } from "../../../mesh/store/keys.ts";
import { documentChangeKey, journalKey, positionKey } from "../../../mesh/store/mesh-keys.ts";
import { compareBoxes } from "../../../mesh/verify/compare.ts";
import type { Comparison } from "../../../mesh/verify/compare.ts";
import { KEYS_MAX, LOOK_KEYS_MAX } from "../../../mesh/verify/constants.ts";
import { ALICE } from "../../core/rooms/ledger-box.ts";
import { openRoom, said, send } from "../../core/rooms/said.ts";
import type { LedgerBox } from "../../core/rooms/ledger-box.ts";
import { boxIds, deskOf, equalBoxes, hurried } from "./support.ts";

async function compare(
  boxes: readonly LedgerBox[],
  meanwhile?: () => Promise<void>,
): Promise<Comparison> {
  const [first, ...others] = boxes.map((box) => deskOf(box));
  if (!first) throw new Error("no box to compare");
  return compareBoxes(first, others, hurried(meanwhile));
}

const EQUAL = {
  differences: [],
  isMore: false,
  beingWritten: [],
  undecided: 0,
  forks: [],
  skipped: [],
};

describe("boxes with the same entries (N=3)", () => {
  it("are equal, row by row", async () => {
    const boxes = await equalBoxes(["a", "b", "c"]);
    const found = await compare(boxes);
    expect(found).toMatchObject({ ...EQUAL, sameMoment: true });
    expect(found.rows).toBe(
      [...boxes[0]!.disk.entries.keys()].filter((key) => isShared(key)).length + 4,
    );
  });

  it("are equal where the members of a value were only written in another order", async () => {
    const boxes = await equalBoxes(["a", "b"]);
    const [key, text] = [...boxes[1]!.disk.entries].find(([k]) => k.startsWith("t/e\0"))!;
    const value = JSON.parse(text) as Record<string, unknown>;
    const turned = JSON.stringify(Object.fromEntries(Object.entries(value).toReversed()));
    expect(turned).not.toBe(text);
    boxes[1]!.disk.write([{ type: "put", key, value: turned }]);
    expect(await compare(boxes)).toMatchObject(EQUAL);
  });

  const shared = TABLES.filter(({ scope }) => scope === "mesh").map(({ name }) => name);
  it.each(shared)("differ where one has a row of table %s too much", async (name) => {
    const boxes = await equalBoxes(["a", "b", "c"]);
    const [a, b, c] = boxIds(boxes);
    const table = TABLES.find((other) => other.name === name)!;
    const key = encodeKey(table, ["zebra", "crossing"] as Key);
    boxes[1]!.disk.write([{ type: "put", key, value: '"stripes"' }]);
    const { differences } = await compare(boxes);
    expect(differences).toEqual([
      {
        section: name,
        about: table.about,
        key: ["zebra", "crossing"],
        found: [
          [a, null],
          [b, expect.any(String)],
          [c, null],
        ],
      },
    ]);
  });

  it("differ where one lacks a row, and where one has another value", async () => {
    const boxes = await equalBoxes(["a", "b", "c"]);
    const keys = [...boxes[0]!.disk.entries.keys()].filter((key) => key.startsWith("t/e\0"));
    const [lost, changed] = [keys[5]!, keys[40]!];
    boxes[0]!.disk.write([{ type: "del", key: lost }]);
    boxes[2]!.disk.write([{ type: "put", key: changed, value: '{"id":"$other"}' }]);
    const { differences } = await compare(boxes);
    const inTheOrderFound = differences.toSorted((x) => (x.found[0]?.[1] === null ? -1 : 1));
    expect(
      inTheOrderFound.map(({ key, found }) => [encodeKey(events, key as [never]), found]),
    ).toEqual([
      [lost, [[expect.any(String), null], expect.anything(), expect.anything()]],
      [changed, [expect.anything(), expect.anything(), expect.anything()]],
    ]);
    const [, second] = inTheOrderFound;
    const [x, y, z] = second!.found.map(([, hash]) => hash);
    expect([x === y, y === z]).toEqual([true, false]);
  });

  it("differ where one has lost a change of a document, or cannot read it", async () => {
    const boxes = await equalBoxes(["a", "b"]);
    boxes[1]!.disk.write([{ type: "del", key: documentChangeKey("mesh", 1) }]);
    expect((await compare(boxes)).differences).toMatchObject([
      { section: "documents", key: ["mesh"] },
    ]);
    boxes[1]!.disk.write([{ type: "put", key: documentChangeKey("mesh", 0), value: "AAAA" }]);
    expect((await compare(boxes)).differences).toMatchObject([
      { section: "documents", key: ["mesh"] },
    ]);
  });

  it("are not told apart by tables that are a box's own", async () => {
    const boxes = await equalBoxes(["a", "b"]);
    for (const table of TABLES.filter(({ scope }) => scope === "box")) {
      const key = encodeKey(table, ["zebra"] as Key);
      boxes[1]!.disk.write([{ type: "put", key, value: "1" }]);
    }
    expect(await compare(boxes)).toMatchObject(EQUAL);
  });

  it("are told of only some rows where a whole table is damaged", async () => {
    const boxes = await equalBoxes(["a", "b"]);
    const ops = Array.from({ length: KEYS_MAX + 10 }, (_, i) => ({
      type: "put" as const,
      key: encodeKey(events, [`$${i}`] as never),
      value: "{}",
    }));
    boxes[1]!.disk.write(ops);
    const { differences, isMore } = await compare(boxes);
    expect([differences.length, isMore]).toEqual([KEYS_MAX, true]);
  });

  it("are told of only some rows, and that there are more, where many tables are damaged", async () => {
    const boxes = await equalBoxes(["a", "b"]);
    const tables = TABLES.filter(({ scope }) => scope === "mesh").slice(0, 7);
    const keys = Array.from({ length: KEYS_MAX - 20 }, (_, i) => [`$${i}`] as Key);
    const ops = tables.flatMap((table) =>
      keys.map((key) => ({ type: "put" as const, key: encodeKey(table, key), value: "1" })),
    );
    boxes[1]!.disk.write(ops);
    const { differences, isMore } = await compare(boxes);
    expect([differences.length, isMore]).toEqual([LOOK_KEYS_MAX, true]);
  });
});

describe("boxes of which people write to all at once (N=3)", () => {
  it("are equal but for the row of the room, which is told as being written", async () => {
    const boxes = await equalBoxes(["a", "b", "c"]);
    const room = await openRoom(boxes[0]!);
    const found = await compare(boxes, () => writeEverywhere(boxes, room));
    const row = { section: "r", about: "rooms", key: [room] };
    expect(found).toMatchObject({ ...EQUAL, sameMoment: false, beingWritten: [row] });
  });

  it("are not called equal where that row stands still on one of them", async () => {
    const boxes = await equalBoxes(["a", "b", "c"]);
    const room = await openRoom(boxes[0]!);
    const key = encodeKey(rooms, [room]);
    const found = await compare(boxes, async () => {
      await writeEverywhere(boxes, room);
      boxes[2]!.disk.write([{ type: "put", key, value: "{}" }]);
    });
    expect(found).toMatchObject({ ...EQUAL, undecided: 1 });
  });

  it("are told apart where that row is wrong, as soon as nobody writes it for a moment", async () => {
    const boxes = await equalBoxes(["a", "b", "c"]);
    const [room, other] = [await openRoom(boxes[0]!), await openRoom(boxes[0]!)];
    const key = encodeKey(rooms, [room]);
    let waits = 0;
    const found = await compare(boxes, async () => {
      await writeEverywhere(boxes, ++waits < 25 ? room : other);
      boxes[2]!.disk.write([{ type: "put", key, value: `{"joined":${Math.min(waits, 26)}}` }]);
    });
    expect(found).toMatchObject({ sameMoment: false, beingWritten: [], undecided: 0 });
    expect(found.differences).toMatchObject([{ section: "r", key: [room] }]);
  });

  it("are not called equal where nothing of that arrives", async () => {
    const boxes = await equalBoxes(["a", "b", "c"]);
    const room = await openRoom(boxes[0]!);
    for (const box of boxes.slice(1)) await box.takeAll(boxes[0]!);
    const sayAlone = async (): Promise<void> => {
      for (const box of boxes) await send(box, room, said.message(ALICE, "alone"));
    };
    await sayAlone();
    const found = await compare(boxes, sayAlone);
    expect(found).toMatchObject({ differences: [], beingWritten: [] });
    expect(found.undecided).toBeGreaterThan(0);
  });
});

describe("boxes whose entries are still on their way (N=2)", () => {
  it("are not known to be equal where more was missing than is looked at again", async () => {
    const boxes = await equalBoxes(["a", "b"]);
    const [a, b] = [boxes[0]!, boxes[1]!];
    const room = await openRoom(a);
    for (let n = 0; n < KEYS_MAX; n++) await send(a, room, said.message(ALICE, `${n}`));
    let waits = 0;
    const found = await compare(boxes, async () => {
      if (++waits === 20) await b.takeAll(a);
    });
    expect(found).toMatchObject({ ...EQUAL, isMore: true });
  });

  it("are equal once what was missing has arrived, and say that they were read apart", async () => {
    const boxes = await equalBoxes(["a", "b"]);
    const [a, b] = [boxes[0]!, boxes[1]!];
    const room = await openRoom(a);
    let waits = 0;
    const found = await compare(boxes, async () => {
      // Long after the boxes were read, in the time between two looks.
      if (++waits === 23) await b.takeAll(a);
    });
    expect(a.room(room)).toEqual(b.room(room));
    expect(found).toMatchObject({ ...EQUAL, sameMoment: false });
  });

  it("differ all the same where a row is wrong, though people go on writing", async () => {
    const boxes = await equalBoxes(["a", "b"]);
    const [a, b] = [boxes[0]!, boxes[1]!];
    const wrong = [...b.disk.entries.keys()].find((key) => key.startsWith("t/tx\0")) ?? "t/tx\0x\0";
    b.disk.write([{ type: "put", key: wrong, value: '"$wrong"' }]);
    const room = await openRoom(a);
    const found = await compare(boxes, async () => {
      // What was written before arrives while the next is written, so the boxes never have the same.
      await b.takeAll(a);
      await send(a, room, said.message(ALICE, "and another one"));
    });
    expect(found.sameMoment).toBe(false);
    expect(found.differences).toMatchObject([{ section: "tx" }]);
  });

  it("cannot be told apart or equal while nothing arrives", async () => {
    const boxes = await equalBoxes(["a", "b"]);
    await openRoom(boxes[0]!);
    const found = await compare(boxes);
    expect(found.differences).toEqual([]);
    expect(found.undecided).toBeGreaterThan(0);
  });
});

describe("journals (N=2)", () => {
  it("that end with different entries at the same place have forked", async () => {
    const boxes = await equalBoxes(["a", "b"]);
    const { origin } = boxes[0]!;
    const seq = boxes[0]!.ledger.lastApplied(origin)!;
    boxes[1]!.disk.write([
      { type: "put", key: positionKey(origin), value: JSON.stringify({ seq, hash: "other" }) },
    ]);
    expect((await compare(boxes)).forks).toEqual([{ origin, seq, boxes: boxIds(boxes) }]);
  });

  it("of which one goes on from another entry than the other ends with have forked", async () => {
    const boxes = await equalBoxes(["a", "b"]);
    const [a, b] = [boxes[0]!, boxes[1]!];
    const seq = a.ledger.lastApplied(a.origin)!;
    await openRoom(a);
    expect((await compare(boxes)).forks).toEqual([]);
    a.disk.write([{ type: "put", key: journalKey(a.origin, seq), value: "another entry" }]);
    const fork = { origin: a.origin, seq };
    expect((await compare([a, b])).forks).toMatchObject([fork]);
    expect((await compare([b, a])).forks).toMatchObject([fork]);
    // What is no longer in the journal was checked when it was applied.
    a.disk.write([{ type: "del", key: journalKey(a.origin, seq) }]);
    expect((await compare(boxes)).forks).toEqual([]);
  });
});

describe("a box that cannot be compared", () => {
  it("is named, with the reason", async () => {
    const [a, b] = await equalBoxes(["a", "b"]);
    const refusing = deskOf(b!, "This box is repairing its data.");
    await expect(compareBoxes(deskOf(a!), [refusing], hurried())).rejects.toMatchObject({
      name: "CompareError",
      box: "bbbbbbbb",
      message: "This box is repairing its data.",
    });
  });
});

/** Each box takes what the others had, and somebody writes to it: no two have the same then. */
async function writeEverywhere(boxes: readonly LedgerBox[], room: RoomId): Promise<void> {
  const had = boxes.flatMap(({ entries }) => entries.slice());
  for (const box of boxes) {
    for (const entry of had) if (!box.ledger.has(entry.transaction)) await box.take(entry);
  }
  for (const box of boxes) await send(box, room, said.message(ALICE, "all at once"));
}

function isShared(key: string): boolean {
  if (!key.startsWith("t/")) return false;
  const name = key.slice(2, key.indexOf("\0"));
  return TABLES.some((table) => table.name === name && table.scope === "mesh");
}
