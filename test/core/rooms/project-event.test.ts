import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DeviceId, EventId, RoomId } from "../../../core/ids.ts";
import {
  rooms,
  events,
  relations,
  timeline,
  topicLog,
  topicVector,
  transactions,
} from "../../../core/tables.ts";
import type { EventRecord } from "../../../core/transaction/records.ts";
import type { Vector } from "../../../core/vector.ts";
import type { Entry } from "../../../mesh/journal/entry.ts";
import { ALICE, BOB, CAROL, LedgerBox } from "./ledger-box.ts";
import { openRoom, said, send } from "./said.ts";
import { forge, Forger } from "./forge.ts";

const PHONE = "PHONE" as DeviceId;
let box: LedgerBox;
let other: LedgerBox;
let room: RoomId;
let forger: Forger;
beforeEach(async () => {
  box = await LedgerBox.open();
  other = await LedgerBox.open({ name: "b" });
  forger = new Forger();
  room = await openRoom(box, { members: [BOB] });
});
afterEach(() => {
  box.close();
  other.close();
});

/** A transaction on top of all that the box has. */
function entryOf(...records: EventRecord[]): Entry {
  return forger.entry(records, { deps: box.ledger.vector });
}

async function taken(record: EventRecord) {
  await box.take(entryOf(record));
  return box.event(record.id);
}

describe("an event that another box sends is rejected when", () => {
  const message = said.message(BOB);
  const cases: Record<string, [() => EventRecord, string]> = {
    "its hash is not its ID": [
      () => forge(box, room, message, {}, { id: "$other" as EventId }),
      "its hash is not its event ID",
    ],
    "a parent is unknown": [
      () => forge(box, room, message, { prev_events: ["$unknown" as EventId] }),
      "its parent $unknown is not in the room",
    ],
    "its sender is not in the room": [
      () => forge(box, room, said.message(CAROL)),
      "The sender is not in the room",
    ],
    "its sender lacks the power": [() => forge(box, room, said.topic(BOB, "x")), "power"],
    "it cites what it need not": [
      () =>
        forge(box, room, message, {
          auth_events: [box.stateOf(room, "m.room.join_rules") as EventId],
        }),
      "without need",
    ],
    "it cites what is unknown": [
      () => forge(box, room, message, { auth_events: ["$unknown" as EventId] }),
      "It cites $unknown",
    ],
    "it does not cite its sender's membership": [
      () => forge(box, room, message, { auth_events: [] }),
      "The sender is not in the room",
    ],
    "its state is unknown": [
      () => forge(box, room, message, {}, { heads: ["ab".repeat(32)] }),
      "its state is not known",
    ],
    "it is malformed": [
      () => forge(box, room, message, { prev_events: [5] as unknown as EventId[] }),
      "prev_events must hold event IDs",
    ],
    "it names another room": [
      () => forge(box, room, message, { room_id: `!${"x".repeat(43)}` as RoomId }),
      "it is from another room",
    ],
  };
  for (const [name, [make, reason]] of Object.entries(cases)) {
    test(name, async () => {
      const record = make();
      const before = {
        room: box.room(room),
        timeline: box.rows(timeline),
        log: box.rows(topicLog),
      };
      expect((await taken(record)).rejected).toContain(reason);
      const after = { room: box.room(room), timeline: box.rows(timeline), log: box.rows(topicLog) };
      expect(after).toEqual(before);
    });
  }

  test("a parent was", async () => {
    const bad = forge(box, room, said.message(CAROL));
    await taken(bad);
    const child = forge(box, room, message, { prev_events: [bad.id] });
    expect((await taken(child)).rejected).toBe(`its parent ${bad.id} was rejected`);
  });

  test("its parent is of another room", async () => {
    const elsewhere = await openRoom(box);
    const [parent = "" as EventId] = box.room(elsewhere).extremities;
    const record = forge(box, room, message, { prev_events: [parent] });
    expect((await taken(record)).rejected).toBe(`its parent ${parent} is not in the room`);
  });

  test("nobody knows its room", async () => {
    await other.take(forger.entry([forge(box, room, message)]));
    expect(other.rows(events).map(([, { rejected }]) => rejected)).toEqual([
      "its room has no create event",
    ]);
    expect(other.rows(rooms)).toEqual([]);
  });
});

test("a room of a version that is unknown here is passed over, and its box is followed on", async () => {
  const create = box.event(box.room(room).create);
  const pdu = { ...create.pdu, content: { room_version: "99" } };
  const record = { kind: "event", id: create.id, room, pdu, heads: [] } as const;
  await other.take(forger.entry([record]));
  await other.take(forger.entry([forge(box, room, said.message(BOB))]));
  expect(other.rows(events).map(([, stored]) => stored.rejected)).toEqual([
    expect.any(String),
    expect.any(String),
  ]);
  expect(other.event(create.id).rejected).toContain("does not support the room version");
});

test("a room is created once", async () => {
  const old = await openRoom(box, { version: "10" });
  const create = box.event(box.room(old).create);
  const again = forge(box, old, said.state(ALICE, "m.room.create", { creator: ALICE }), {
    prev_events: [],
    auth_events: [],
    depth: 1,
    room_id: old,
  });
  expect((await taken(again)).rejected).toBe("its room was created before");
  expect(box.room(old).create).toBe(create.id);
});

test("a soft-failed event is kept for what follows it, and not shown", async () => {
  const before = box.room(room);
  const record = forge(box, room, said.message(BOB, "psst"), {}, { softFailed: true });
  expect((await taken(record)).hidden).toBe("soft-failed");
  expect(box.room(room)).toEqual(before);
  expect(box.rows(timeline).map(([[, , , id]]) => id)).not.toContain(record.id);
  const child = forge(box, room, said.message(BOB), { prev_events: [record.id] });
  expect((await taken(child)).rejected).toBeUndefined();
  expect(box.room(room).extremities).toEqual([...before.extremities, child.id].toSorted());
});

test("an outlier is kept and counts for nothing, until it gets its place", async () => {
  const before = box.room(room);
  const mark = { entered: "outlier", heads: [] } as const;
  const unplaced = { prev_events: ["$unknown" as EventId] };
  const record = forge(box, room, said.message(BOB), unplaced, mark);
  expect((await taken(record)).hidden).toBe("outlier");
  expect(box.room(room)).toEqual(before);
  expect(box.rows(timeline).map(([[, , , id]]) => id)).not.toContain(record.id);
  const child = forge(box, room, said.message(BOB), { prev_events: [record.id] });
  expect((await taken(child)).rejected).toBe(`its parent ${record.id} has no place in the room`);

  await other.takeAll(box);
  const later = await send(other, room, said.topic(ALICE, "later"));
  const { id, pdu } = later;
  const outlier = { kind: "event", id, room, pdu, ...mark } as const;
  expect((await taken(outlier)).hidden).toBe("outlier");
  await box.takeAll(other);
  expect(box.event(id).hidden).toBeUndefined();
  expect(box.room(room).extremities).toEqual([id]);
  expect(box.stateOf(room, "m.room.topic")).toBe(id);
  // Cited once more, it keeps its place.
  expect((await taken(outlier)).hidden).toBeUndefined();
});

test("an outlier must be allowed by the events that it cites", async () => {
  const mark = { entered: "outlier", heads: [] } as const;
  const record = forge(box, room, said.message(CAROL), {}, mark);
  expect((await taken(record)).rejected).toContain("The sender is not in the room");
});

test("backfilled history is in the timeline, and is no news and no end of the room", async () => {
  const before = box.room(room);
  const old = { prev_events: ["$unknown" as EventId], depth: 2, origin_server_ts: 1000 };
  const record = forge(box, room, said.message(BOB, "long ago"), old, { entered: "backfilled" });
  const log = box.rows(topicLog);
  expect((await taken(record)).hidden).toBeUndefined();
  expect(box.room(room)).toEqual(before);
  expect(box.rows(topicLog)).toEqual(log);
  expect(box.get(timeline, [room, 2, 1000, record.id])).toBeDefined();
});

test("a visible event is in the timeline and in the log, with what it relates to", async () => {
  const parent = await send(box, room, said.message(BOB));
  const relation = { "m.relates_to": { rel_type: "m.thread", event_id: parent.id } };
  const child = await send(box, room, said.message(BOB, "re", relation));
  const { depth, origin_server_ts: ts } = child.pdu;
  expect(box.get(timeline, [room, depth, ts, child.id])).toEqual({ origin: box.origin, seq: 3 });
  expect(box.get(relations, [room, parent.id, "m.thread", depth, ts, child.id])).toEqual({
    type: "m.room.message",
    sender: BOB,
  });
  const log = box.get(topicLog, [`room:${room}`, "aaaaaaaa" as never, 1, 3]);
  expect(log).toEqual([{ e: child.id, depth, ts }]);
});

test("a relation of the wrong shape relates to nothing", async () => {
  for (const relation of [null, "x", [], {}, { rel_type: 1, event_id: "$x" }, { rel_type: "x" }]) {
    await send(box, room, said.message(BOB, "x", { "m.relates_to": relation }));
  }
  expect(box.rows(relations)).toEqual([]);
});

describe("of two events of one transaction ID", () => {
  const txn = { device: PHONE, id: "1" };
  const LOGS = [topicLog, topicVector];

  /** The same request on two boxes that do not see each other; the first one is earlier. */
  async function twins(): Promise<readonly [EventId, EventId]> {
    await other.takeAll(box);
    const relation = {
      "m.relates_to": { rel_type: "m.reference", event_id: box.room(room).create },
    };
    const event = said.message(BOB, "once", relation);
    const [a, b] = [await send(box, room, event, txn), await send(other, room, event, txn)];
    return a.id < b.id ? [a.id, b.id] : [b.id, a.id];
  }

  test("the earlier is shown, and only it relates, in both orders", async () => {
    const [shown, hidden] = await twins();
    await box.takeAll(other);
    await other.takeAll(box);
    expect(box.dump(LOGS)).toEqual(other.dump(LOGS));
    expect(box.event(hidden).hidden).toBe("duplicate");
    expect(box.event(shown).hidden).toBeUndefined();
    expect(box.rows(relations).map(([[, , , , , id]]) => id)).toEqual([shown]);
    expect(box.rows(timeline).map(([[, , , id]]) => id)).not.toContain(hidden);
    expect(box.rows(transactions)).toEqual([[[BOB, PHONE, "1"], shown]]);
    expect(box.room(room).extremities).toEqual([shown, hidden].toSorted());
  });

  test("the earlier of three is shown, whatever the order", async () => {
    await other.takeAll(box);
    const third = await LedgerBox.open({ name: "c" });
    await third.takeAll(box);
    const all = [box, other, third];
    for (const at of all) await send(at, room, said.message(BOB), txn);
    for (const at of all) for (const from of all) await at.takeAll(from);
    for (const at of all) expect(at.dump(LOGS)).toEqual(box.dump(LOGS));
    expect(box.rows(events).filter(([, { hidden }]) => hidden === "duplicate")).toHaveLength(2);
    third.close();
  });

  test("a rejected one counts for nothing", async () => {
    const bad = forge(box, room, said.message(CAROL), { sender: BOB, auth_events: [] }, { txn });
    await taken(bad);
    expect(box.rows(transactions)).toEqual([]);
    const good = await send(box, room, said.message(BOB), txn);
    await taken(forge(box, room, said.topic(BOB, "x"), { origin_server_ts: 1 }, { txn }));
    expect(box.event(good.id).hidden).toBeUndefined();
    expect(box.rows(transactions)).toEqual([[[BOB, PHONE, "1"], good.id]]);
  });
});

test("an event that is known already changes nothing", async () => {
  const event = await send(box, room, said.message(BOB));
  const before = box.dump();
  const { id, pdu, heads } = event;
  await box.take(forger.entry([{ kind: "event", id, room, pdu, heads }], { deps: {} as Vector }));
  expect(box.dump()).toEqual(before);
});
