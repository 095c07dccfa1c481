import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { unavailable } from "../../../core/errors.ts";
import type { Pdu } from "../../../core/event/pdu.ts";
import { redact } from "../../../core/event/redact.ts";
import { ROOM_VERSIONS, roomVersion } from "../../../core/room-version/table.ts";
import { judgeEvent } from "../../../core/rooms/judge-event.ts";
import { relations, rooms, topicLog, topicVector } from "../../../core/tables.ts";
import type { ApplyContext } from "../../../core/transaction/apply.ts";
import { isKnownRecord } from "../../../core/transaction/known-records.ts";
import type { EventRecord } from "../../../core/transaction/records.ts";
import { ALICE, BOB, LedgerBox, SERVER } from "./ledger-box.ts";
import { openRoom, said } from "./said.ts";
import { forge, Forger, withState } from "./forge.ts";

let box: LedgerBox;
let other: LedgerBox;
let forger: Forger;
beforeEach(async () => {
  box = await LedgerBox.open();
  other = await LedgerBox.open({ name: "b" });
  forger = new Forger();
});
afterEach(() => {
  box.close();
  other.close();
});

/** Has both boxes take a record, which they must come to see alike. */
async function takenByBoth(record: EventRecord) {
  const isState = record.pdu.state_key !== undefined;
  const records = isState ? withState(box, record) : [record];
  const entry = forger.entry(records, { deps: box.ledger.vector });
  await other.takeAll(box);
  for (const at of [box, other]) await at.take(entry);
  expect(other.dump([topicLog, topicVector])).toEqual(box.dump([topicLog, topicVector]));
  return box.event(record.id);
}

const withContent = (record: EventRecord, content: Pdu["content"]): EventRecord => ({
  ...record,
  pdu: { ...record.pdu, content },
});

test("what this box cannot read now is no verdict on an event", async () => {
  const room = await openRoom(box, { members: [BOB] });
  const record = forge(box, room, said.message(BOB, "hello"));
  const context: ApplyContext = {
    view: {
      get: () => {
        throw unavailable("This box cannot read its disk at the moment.");
      },
      put: () => undefined,
      del: () => undefined,
    },
    docs: box.docs.on(box.state.begin()),
    dot: { origin: box.origin, seq: 1 },
    causes: {},
    time: 0 as ApplyContext["time"],
    serverName: SERVER,
    isKnown: isKnownRecord,
    touched: new Set(),
  };
  expect(() => judgeEvent(context, record)).toThrow(expect.objectContaining({ status: 503 }));
});

describe.each([...ROOM_VERSIONS.keys()])("in room version %s", (version) => {
  test("content that is not what was hashed is taken away, on every box", async () => {
    const room = await openRoom(box, { version, members: [BOB] });
    const parent = box.room(room).create;
    const honest = forge(box, room, said.message(BOB, "yes"));
    const relation = { "m.relates_to": { rel_type: "m.reference", event_id: parent } };
    const stored = await takenByBoth(
      withContent(honest, { msgtype: "m.text", body: "no", ...relation }),
    );
    expect(stored.rejected).toBeUndefined();
    expect(stored.pdu.content).toEqual({});
    expect(stored.redactedBy).toBeUndefined();
    expect(box.rows(relations)).toEqual([]);
    expect(box.room(room).extremities).toEqual([honest.id]);
  });

  test("content that is what was hashed stays", async () => {
    const room = await openRoom(box, { version, members: [BOB] });
    const honest = forge(box, room, said.message(BOB, "yes"));
    expect((await takenByBoth(honest)).pdu).toEqual(honest.pdu);
  });

  test("an event that entered redacted is taken as it is", async () => {
    const room = await openRoom(box, { version, members: [BOB] });
    const honest = forge(box, room, said.message(BOB, "yes"));
    const pdu = redact(roomVersion(version), honest.pdu);
    const stored = await takenByBoth({ ...honest, pdu });
    expect(stored.rejected).toBeUndefined();
    expect(stored.pdu).toEqual(pdu);
  });

  test("a create event whose content was changed opens no room", async () => {
    const room = await openRoom(box, { version });
    const { id, pdu } = box.event(box.room(room).create);
    const content = { ...pdu.content, "m.federate": false };
    const record = { kind: "event", id, room, pdu: { ...pdu, content }, heads: [] } as const;
    await other.take(forger.entry([record]));
    const isCovered = version === "11" || version === "12";
    const reason = isCovered ? "its hash is not its event ID" : "not what was hashed";
    expect(other.event(id).rejected).toContain(reason);
    expect(other.rows(rooms)).toEqual([]);
  });
});

test.each(["1", "8", "10"])(
  "the rules of room version %s read what is left of the content",
  async (version) => {
    const room = await openRoom(box, { version });
    const invite = forge(box, room, said.member(ALICE, BOB, "invite"));
    const content = { ...invite.pdu.content, third_party_invite: { display_name: "x" } };
    const stored = await takenByBoth(withContent(invite, content));
    expect(stored.rejected).toBeUndefined();
    expect(stored.pdu.content).toEqual({ membership: "invite" });
  },
);

test("what stands under unsigned is not kept as part of the event", async () => {
  const room = await openRoom(box, { members: [BOB] });
  const honest = forge(box, room, said.message(BOB, "yes"));
  const pdu = { ...honest.pdu, unsigned: { redacted_because: {} } } as unknown as Pdu;
  expect((await takenByBoth({ ...honest, pdu })).pdu).toEqual(honest.pdu);
});
