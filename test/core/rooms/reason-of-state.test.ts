import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { stateKeyOf } from "../../../core/event/state-key.ts";
import type { StateKey } from "../../../core/event/state-key.ts";
import type { EventId, RoomId } from "../../../core/ids.ts";
import type { RoomDocumentLimits } from "../../../core/room-document/constants.ts";
import { BUCKETS_KEY, pointerKey } from "../../../core/room-document/layout.ts";
import { leavesOf, mainLeaf } from "../../../core/room-document/leaves.ts";
import { stateHeads } from "../../../core/room-document/names.ts";
import { StateWriter } from "../../../core/room-document/write-state.ts";
import type { StateEdit } from "../../../core/room-document/write-state.ts";
import type { Documents } from "../../../core/ports.ts";
import type {
  ChangeRecord,
  DocId,
  StateHeads,
  TransactionRecord,
} from "../../../core/transaction/records.ts";
import { ALICE, BOB, CAROL, LedgerBox } from "./ledger-box.ts";
import { openRoom, said, send } from "./said.ts";
import { forge, Forger, withState } from "./forge.ts";

const SMALL: RoomDocumentLimits = {
  lengthMax: 6,
  flatEntriesMax: 3,
  bucketEntriesMax: 2,
  bucketsBegunMax: 1,
};
const WRONG = "its state does not follow from its place";
const UNKNOWN = "its state is not known";
const TOPIC = stateKeyOf("m.room.topic", "");

let box: LedgerBox;
let room: RoomId;
let forger: Forger;
beforeEach(async () => {
  forger = new Forger();
});
afterEach(() => box.close());

async function open(roomLimits?: RoomDocumentLimits): Promise<void> {
  box = await LedgerBox.open({ roomLimits });
  room = await openRoom(box, { members: [BOB, CAROL] });
}

/** What comes of a topic of Alice's that came with a state that somebody made up. */
async function verdict(state: StateHeads, changes: readonly TransactionRecord[] = []) {
  const record = forge(box, room, said.topic(ALICE, "x"));
  const { generation: _, ...rest } = record;
  const entry = forger.entry([...changes, { ...rest, ...state }], { deps: box.ledger.vector });
  await box.take(entry);
  return box.event(record.id).rejected;
}

/** Makes changes as a box would that keeps to no rules. */
function made<T>(run: (docs: Documents) => T): T {
  const stage = box.state.begin();
  try {
    return run(box.docs.on(stage));
  } finally {
    stage.abandon();
  }
}

const recordOf = (doc: DocId, change: Uint8Array): ChangeRecord => ({
  kind: "change",
  doc,
  change: Buffer.from(change).toString("base64"),
});

function written(base: StateHeads, edits: readonly StateEdit[]) {
  return made((docs) => new StateWriter(docs, room).write(base, edits));
}

describe.each([
  ["one document", undefined],
  ["buckets", SMALL],
] as const)("in a room of %s", (_, limits) => {
  beforeEach(() => open(limits));

  test("an event counts whose state follows from its place", async () => {
    const record = forge(box, room, said.topic(ALICE, "x"));
    await box.take(forger.entry(withState(box, record), { deps: box.ledger.vector }));
    expect(box.event(record.id).rejected).toBeUndefined();
    expect(box.stateOf(room, "m.room.topic")).toBe(record.id);
  });

  test("a state event whose state is that of before is rejected", async () => {
    expect(await verdict(stateHeads(box.room(room)))).toBe(WRONG);
  });

  test("a message must leave the state where it was", async () => {
    const early = stateHeads(box.event(box.room(room).create));
    const { generation: __, ...record } = forge(box, room, said.message(BOB));
    await box.take(forger.entry([{ ...record, ...early }], { deps: box.ledger.vector }));
    expect(box.event(record.id).rejected).toBe(WRONG);
  });

  test("an event that changes more than its own key is rejected", async () => {
    const { id } = forge(box, room, said.topic(ALICE, "x"));
    const levels = stateKeyOf("m.room.power_levels", "");
    for (const more of [levels, stateKeyOf("m.room.member", CAROL)] as StateKey[]) {
      const { state, changes } = written(box.room(room), [
        [TOPIC, id],
        [more, undefined],
      ]);
      expect(await verdict(state, changes)).toBe(WRONG);
      await send(box, room, said.message(BOB));
    }
  });

  test("an event whose state was made on top of an older one is rejected", async () => {
    const { id } = forge(box, room, said.topic(ALICE, "x"));
    const { state, changes } = written(box.event(box.room(room).create), [[TOPIC, id]]);
    expect(await verdict(state, changes)).toBe(WRONG);
  });

  test("heads and generations that are not here are no state", async () => {
    const { generation } = box.room(room);
    const heads = ["ab".repeat(32)];
    expect(await verdict(generation ? { heads, generation } : { heads })).toBe(UNKNOWN);
    const nowhere = "cd".repeat(32) as NonNullable<typeof generation>;
    await send(box, room, said.message(BOB));
    expect(await verdict({ heads: [nowhere], generation: nowhere })).toBe(UNKNOWN);
  });
});

describe("in a room of buckets", () => {
  beforeEach(async () => {
    await open(SMALL);
    // So that the next change does not begin the main document anew.
    await send(box, room, said.state(ALICE, "m.room.name", { name: "n" }));
  });

  function main() {
    return mainLeaf(room, box.room(room));
  }

  test("a pointer to what is not here, or to nothing at all, is no state", async () => {
    const nowhere = "ab".repeat(32);
    for (const text of [`${nowhere} ${nowhere}`, "nonsense"]) {
      const { doc, heads } = main();
      const [prefix = ""] = leavesOf(box.docs, room, main()).keys();
      const change = made((docs) => docs.change(doc, [[pointerKey(prefix), text]], heads));
      const { generation } = box.room(room);
      if (generation === undefined) throw new Error("the room is in buckets");
      const forged = { heads: change.heads, generation };
      expect(await verdict(forged, [recordOf(doc, change.change)])).toBe(UNKNOWN);
      await send(box, room, said.message(BOB));
    }
  });

  test("a generation that says it is in buckets and holds something else is no state", async () => {
    const { id } = forge(box, room, said.topic(ALICE, "x"));
    const begun = made((docs) =>
      docs.begin(room, [
        [BUCKETS_KEY, ""],
        [TOPIC, id],
      ]),
    );
    const generation = begun.heads[0] as NonNullable<StateHeads["generation"]>;
    const forged = { heads: begun.heads, generation };
    expect(await verdict(forged, [recordOf(begun.doc, begun.change)])).toBe(UNKNOWN);
  });

  test("a generation that leaves something out is rejected", async () => {
    const { id } = forge(box, room, said.topic(ALICE, "x"));
    const begun = made((docs) => docs.begin(room, [[TOPIC, id]]));
    const generation = begun.heads[0] as NonNullable<StateHeads["generation"]>;
    const forged = { heads: begun.heads, generation };
    expect(await verdict(forged, [recordOf(begun.doc, begun.change)])).toBe(WRONG);
  });

  test("members move into buckets, and old states are read where they were", async () => {
    const [first, last] = [box.room(room).create, box.room(room)] as const;
    expect(box.event(first).generation).toBeUndefined();
    expect(last.generation).toBeDefined();
    expect(leavesOf(box.docs, room, main()).size).toBeGreaterThan(3);
    const joined = await send(box, room, said.member(BOB, BOB, "join", { displayname: "b" }));
    const seen = box.stateOf(room, "m.room.member", BOB) as EventId;
    expect(seen).toBe(joined.id);
  });
});
