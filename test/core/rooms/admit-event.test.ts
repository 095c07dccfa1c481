import { afterEach, beforeEach, expect, test } from "vitest";
import type { RoomId } from "../../../core/ids.ts";
import { buildEvent } from "../../../core/rooms/build-event.ts";
import { ALICE, BOB, CAROL, LedgerBox } from "./ledger-box.ts";
import { openRoom, said, send } from "./said.ts";

let a: LedgerBox;
let b: LedgerBox;
let room: RoomId;
beforeEach(async () => {
  a = await LedgerBox.open({ name: "a" });
  b = await LedgerBox.open({ name: "b" });
  room = await openRoom(a, { members: [BOB, CAROL], levels: { users: { [CAROL]: 50 } } });
  await b.takeAll(a);
});
afterEach(() => {
  a.close();
  b.close();
});

const newestRecords = (box: LedgerBox) => box.entries.at(-1)?.transaction.records ?? [];

test("a message carries the state on which it stands", async () => {
  const topic = await send(a, room, said.topic(ALICE, "x"));
  const message = await send(a, room, said.message(BOB));
  expect(message.heads).toEqual(topic.heads);
  expect(newestRecords(a)).toMatchObject([{ kind: "event", id: message.id }]);
});

test("a state event carries its own change, made before it", async () => {
  const topic = await send(a, room, said.topic(ALICE, "x"));
  expect(newestRecords(a)).toMatchObject([
    { kind: "change", doc: `room:${room}` },
    { kind: "event", id: topic.id, heads: topic.heads },
  ]);
  expect(topic.heads).toHaveLength(1);
  expect(a.docs.get(`room:${room}`, "m.room.topic\u001f", topic.heads)).toBe(topic.id);
});

test("what resolution decides and the event's own change are one change", async () => {
  await send(a, room, said.member(ALICE, CAROL, "ban"));
  await send(b, room, said.topic(CAROL, "mine"));
  await a.takeAll(b);
  const name = await send(a, room, said.state(ALICE, "m.room.name", { name: "n" }));
  expect(newestRecords(a).map(({ kind }) => kind)).toEqual(["change", "event"]);
  const at = (key: string) => a.docs.get(`room:${room}`, key, name.heads);
  expect([at("m.room.topic\u001f"), at("m.room.name\u001f")]).toEqual([undefined, name.id]);
});

test("what the rules refuse changes nothing", async () => {
  const before = a.dump();
  await expect(send(a, room, said.topic(BOB, "x"))).rejects.toMatchObject({
    status: 403,
    errcode: "M_FORBIDDEN",
  });
  expect(a.dump()).toEqual(before);
  expect(a.docs.heads(`room:${room}`)).toEqual(a.room(room).heads);
});

test("an event of an unknown room is refused", async () => {
  const stranger = await LedgerBox.open({ name: "c" });
  const pdu = a.ledger.commit(
    (draft, _, env) => buildEvent(draft, env, { ...said.message(ALICE), room }),
    undefined,
  ).reply;
  const admitting = stranger.run((draft) => draft.appendEvent(pdu));
  await expect(admitting).rejects.toMatchObject({ status: 404 });
  stranger.close();
});

test("an event enters once", async () => {
  const { pdu } = await send(a, room, said.topic(ALICE, "x"));
  await expect(a.run((draft) => draft.appendEvent(pdu))).rejects.toThrow("enters once");
});

test("only a redaction carries its sender's office", async () => {
  await a.run((draft) => draft.setField(`user:${BOB}`, "account", "admin", true));
  const message = await send(a, room, said.message(BOB));
  expect(message.byAdmin).toBeUndefined();
  const redaction = await send(a, room, said.redaction(BOB, message.id));
  expect(newestRecords(a)).toMatchObject([{ kind: "event", id: redaction.id, byAdmin: true }]);
});
