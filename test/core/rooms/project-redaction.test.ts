import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { DraftPdu } from "../../../core/event/pdu.ts";
import type { EventId, RoomId, UserId } from "../../../core/ids.ts";
import type { JsonObject } from "../../../core/json.ts";
import { PENDING_SENDERS_MAX } from "../../../core/rooms/project-redaction.ts";
import { pendingRedactions, relations, topicLog, topicVector } from "../../../core/tables.ts";
import type { EventRecord } from "../../../core/transaction/records.ts";
import type { Vector } from "../../../core/vector.ts";
import { ALICE, BOB, CAROL, DAVE, LedgerBox, userOf } from "./ledger-box.ts";
import { openRoom, said, send } from "./said.ts";
import { forge, Forger } from "./forge.ts";

const LOGS = [topicLog, topicVector];
let box: LedgerBox;
let room: RoomId;
let forgers: number;
beforeEach(async () => {
  forgers = 0;
  box = await LedgerBox.open();
  room = await openRoom(box, { members: [BOB, CAROL], levels: { redact: 50 } });
});
afterEach(() => box.close());

/** Takes an event as if each came from a box of its own. */
async function take(record: EventRecord, at = box): Promise<EventId> {
  const name = "mnopqrstuvwxyz".charAt(forgers % 14);
  const entry = new Forger(name, 1 + forgers++).entry([record], { deps: {} as Vector });
  await at.take(entry);
  return record.id;
}

function redaction(
  sender: UserId,
  target: EventId,
  otherwise: Partial<DraftPdu> = {},
): EventRecord {
  return forge(box, room, said.redaction(sender, target), otherwise);
}

/** Takes the records in this order on a box that has the room so far. */
async function boxThatTakes(records: readonly EventRecord[]): Promise<LedgerBox> {
  const fresh = await LedgerBox.open({ name: "l" });
  await fresh.takeAll(box);
  for (const record of records) await take(record, fresh);
  return fresh;
}

/** The same dump in every order of arrival, but for who brought it. */
async function inEveryOrder(records: readonly EventRecord[]): Promise<LedgerBox> {
  const reversed = records.toReversed();
  const rotated = [...records.slice(1), ...records.slice(0, 1)];
  const boxes = await Promise.all([records, reversed, rotated].map(boxThatTakes));
  const [first, ...others] = boxes as [LedgerBox, ...LedgerBox[]];
  const dumps = boxes.map((each) =>
    [...each.dump(LOGS)].map(([key, text]) => [key, text.replace(/"origin":"[^"]*"/g, "")]),
  );
  for (const dump of dumps) expect(dump).toEqual(dumps[0]);
  for (const other of others) other.close();
  return first;
}

describe("a redaction", () => {
  test("takes the content away and names itself, and clients are told", async () => {
    const relation = {
      "m.relates_to": { rel_type: "m.reference", event_id: box.room(room).create },
    };
    const target = await send(box, room, said.message(BOB, "secret", relation));
    const { id } = await send(box, room, said.redaction(BOB, target.id));
    const { pdu, redactedBy } = box.event(target.id);
    expect(pdu.content).toEqual({});
    expect(redactedBy).toBe(id);
    expect(box.rows(relations)).toEqual([]);
    const told = box.rows(topicLog).flatMap(([, entries]) => entries);
    expect(told).toContainEqual({ redacted: target.id, redaction: id });
  });

  test("works before and after its target alike", async () => {
    const target = forge(box, room, said.message(BOB, "secret"));
    const late = redaction(ALICE, target.id);
    const done = await inEveryOrder([target, late]);
    expect(done.event(target.id)).toMatchObject({ redactedBy: late.id, pdu: { content: {} } });
    expect(done.rows(pendingRedactions)).toEqual([]);
    done.close();
  });

  test("of several the earliest that may is named", async () => {
    const target = forge(box, room, said.message(BOB, "secret"));
    const first = redaction(ALICE, target.id, { origin_server_ts: 5 });
    const records = [
      redaction(CAROL, target.id, { origin_server_ts: 1 }),
      redaction(BOB, target.id, { origin_server_ts: 7 }),
      first,
      target,
    ];
    const done = await inEveryOrder(records);
    expect(done.event(target.id).redactedBy).toBe(first.id);
    done.close();
  });

  test("by somebody without power over it changes nothing", async () => {
    const target = await send(box, room, said.message(BOB, "mine"));
    await take(redaction(CAROL, target.id));
    expect(box.event(target.id)).toEqual(target);
  });

  test("needs the power to redact also when it is sent as state", async () => {
    const levels = { users: { [CAROL]: 60 }, redact: 80 };
    const strict = await openRoom(box, { members: [BOB, CAROL], levels });
    const target = await send(box, strict, said.message(BOB, "mine"));
    const content = { redacts: target.id };
    await send(box, strict, said.state(CAROL, "m.room.redaction", content, "x"));
    expect(box.event(target.id).redactedBy).toBeUndefined();
  });

  test("by an administrator of the server works in any room", async () => {
    const target = await send(box, room, said.message(BOB, "spam"));
    await box.run((draft) => draft.setField(`user:${CAROL}`, "account", "admin", true));
    const { id } = await send(box, room, said.redaction(CAROL, target.id));
    expect(box.event(id).byAdmin).toBe(true);
    expect(box.event(target.id).redactedBy).toBe(id);

    const other = await LedgerBox.open({ name: "b" });
    // The office is known from the redaction alone, whatever became of it meanwhile.
    await other.take(box.entries[0] as never);
    for (const entry of box.entries.slice(1)) {
      const isOffice = entry.transaction.records.some(({ kind }) => kind === "change");
      if (!isOffice) await take(entry.transaction.records[0] as EventRecord, other);
    }
    expect(other.event(target.id).redactedBy).toBe(id);
    other.close();
  });

  test("is taken over from another server for its own users", async () => {
    const [zoe, yan] = ["@zoe:other.test" as UserId, "@yan:other.test" as UserId];
    for (const user of [zoe, yan]) await send(box, room, said.join(user));
    const theirs = await send(box, room, said.message(zoe));
    await send(box, room, said.redaction(yan, theirs.id));
    expect(box.event(theirs.id).redactedBy).toBeDefined();
    const ours = await send(box, room, said.message(BOB));
    await send(box, room, said.redaction(yan, ours.id));
    expect(box.event(ours.id).redactedBy).toBeUndefined();
  });

  test("does nothing to an event of another room, before it and after it", async () => {
    const own = await openRoom(box, { members: [BOB] });
    const target = forge(box, room, said.message(BOB));
    await send(box, own, said.redaction(ALICE, target.id));
    await take(target);
    await send(box, own, said.redaction(ALICE, target.id));
    expect(box.event(target.id).redactedBy).toBeUndefined();
  });

  test("does nothing to a rejected event, and does not wait for it", async () => {
    const target = forge(box, room, said.message(DAVE));
    const done = await inEveryOrder([target, redaction(ALICE, target.id)]);
    expect(done.event(target.id).redactedBy).toBeUndefined();
    expect(done.rows(pendingRedactions)).toEqual([]);
    done.close();
  });

  test("that is soft-failed does nothing, before its target and after it", async () => {
    const target = forge(box, room, said.message(BOB));
    const hidden: EventRecord = { ...redaction(ALICE, target.id), softFailed: true };
    const done = await inEveryOrder([target, hidden]);
    expect(done.event(target.id).redactedBy).toBeUndefined();
    done.close();
  });

  test("of a redaction leaves what it did", async () => {
    const target = forge(box, room, said.message(BOB));
    const first = redaction(BOB, target.id, { origin_server_ts: 1 });
    const done = await inEveryOrder([target, first, redaction(ALICE, first.id)]);
    expect(done.event(target.id).redactedBy).toBe(first.id);
    expect(done.event(first.id).redactedBy).toBeDefined();
    done.close();
  });

  test("by a losing twin is done all the same, since it was where the twin came first", async () => {
    const [one, two] = [
      forge(box, room, said.message(BOB, "1")),
      forge(box, room, said.message(BOB, "2")),
    ];
    const txn = { txn: { device: "D" as never, id: "x" } };
    const twins = [
      { ...redaction(BOB, one.id, { origin_server_ts: 1 }), ...txn },
      { ...redaction(BOB, two.id, { origin_server_ts: 2 }), ...txn },
    ];
    const done = await inEveryOrder([one, two, ...twins]);
    for (const target of [one, two]) expect(done.event(target.id).redactedBy).toBeDefined();
    done.close();
  });

  for (const version of ["1", "10", "11"]) {
    test(`is found in the event of room version ${version}`, async () => {
      const old = await openRoom(box, { version, members: [BOB] });
      const target = await send(box, old, said.message(BOB));
      const { id } = await send(box, old, said.redaction(BOB, target.id));
      expect(box.event(target.id).redactedBy).toBe(id);
    });
  }
});

describe("redactions that wait", () => {
  test("are few, and those without power crowd out nobody", async () => {
    const crowd = Array.from({ length: PENDING_SENDERS_MAX + 4 }, (_, i) => userOf(`u${i}`));
    for (const user of crowd) await send(box, room, said.join(user));
    const target = forge(box, room, said.message(BOB));
    for (const user of crowd) await take(redaction(user, target.id, { origin_server_ts: 1 }));
    const real = await take(redaction(ALICE, target.id));
    expect(box.rows(pendingRedactions)[0]?.[1]).toHaveLength(PENDING_SENDERS_MAX + 1);
    await take(target);
    expect(box.event(target.id).redactedBy).toBe(real);
  });

  test("of one sender and of those with power only the earliest is kept, in any order", async () => {
    const target = `$${"x".repeat(43)}` as EventId;
    const records = [3, 1, 2].flatMap((ts) => [
      redaction(CAROL, target, { origin_server_ts: ts }),
      redaction(ALICE, target, { origin_server_ts: ts }),
    ]);
    const done = await inEveryOrder(records);
    const kept = done
      .rows(pendingRedactions)[0]?.[1]
      .map(({ redaction: id }) => done.event(id).pdu);
    expect(kept).toMatchObject([
      { sender: ALICE, origin_server_ts: 1 },
      { sender: CAROL, origin_server_ts: 1 },
    ]);
    done.close();
  });
});

describe("a redaction changes nothing that the auth rules decide", () => {
  const cases: readonly [string, string, JsonObject][] = [
    ["10", "power levels, to invite", { invite: 50 }],
    ["12", "power levels, to notify", { notifications: { room: 70 } }],
  ];
  for (const [version, name, levels] of cases) {
    test(`${name} in room version ${version}`, async () => {
      const other = await openRoom(box, { version, members: [BOB], levels });
      const target = box.stateOf(other, "m.room.power_levels") as EventId;
      await send(box, other, said.redaction(ALICE, target));
      const [key = ""] = Object.keys(levels);
      expect(box.event(target).pdu.content).not.toHaveProperty(key);
      expect(box.event(target).ruleContent).toMatchObject(levels);
      const invite = send(box, other, said.member(BOB, DAVE, "invite"));
      if (key === "invite") await expect(invite).rejects.toMatchObject({ status: 403 });
      else await invite;
    });
  }

  test("that a room is closed to other servers", async () => {
    const createContent = { "m.federate": false };
    const closed = await openRoom(box, { version: "10", createContent });
    await send(box, closed, said.redaction(ALICE, box.room(closed).create));
    const stranger = send(box, closed, said.join("@zoe:other.test" as UserId));
    await expect(stranger).rejects.toMatchObject({ status: 403 });
    expect(box.room(closed).version).toBe("10");
    await send(box, closed, said.join(userOf("erin")));
  });

  test("and keeps nothing else", async () => {
    const member = said.member(BOB, BOB, "join", { displayname: "Bob", reason: "hi" });
    const target = await send(box, room, member);
    await send(box, room, said.redaction(BOB, target.id));
    expect(box.event(target.id).ruleContent).toBeUndefined();
    expect(box.event(target.id).pdu.content).toEqual({ membership: "join" });
  });
});
