import { afterEach, beforeEach, expect, test } from "vitest";
import { hasValidContentHash } from "../../../core/event/hash.ts";
import { authEventIds, prevEventIds } from "../../../core/event/pdu.ts";
import { PREV_EVENTS_MAX } from "../../../core/event/size.ts";
import type { EventId, RoomId } from "../../../core/ids.ts";
import { buildCreateEvent } from "../../../core/rooms/build-event.ts";
import { ROOM_VERSIONS, roomVersion } from "../../../core/room-version/table.ts";
import { ALICE, BOB, LedgerBox } from "./ledger-box.ts";
import { openRoom, said, send } from "./said.ts";

let box: LedgerBox;
beforeEach(async () => {
  box = await LedgerBox.open();
});
afterEach(() => box.close());

for (const version of ROOM_VERSIONS.keys()) {
  test(`a room of version ${version} is opened, joined and written in`, async () => {
    const room = await openRoom(box, { version, members: [BOB] });
    const other = await LedgerBox.open({ name: "b" });
    const { id, pdu } = await send(box, room, said.message(BOB));
    const join = box.stateOf(room, "m.room.member", BOB) as EventId;
    expect(prevEventIds(pdu)).toEqual([join]);
    expect(pdu.depth).toBe(box.event(join).pdu.depth + 1);
    expect(hasValidContentHash(roomVersion(version), pdu)).toBe(true);
    const create = version === "12" ? [] : [box.room(room).create];
    const levels = box.stateOf(room, "m.room.power_levels") as EventId;
    expect(authEventIds(pdu)).toEqual([...create, levels, join]);
    expect(pdu.event_id).toBe(["1", "2"].includes(version) ? id : undefined);
    await other.takeAll(box);
    expect(other.event(id).rejected).toBeUndefined();
    other.close();
  });
}

test("a redaction names its target where the room version wants it", async () => {
  for (const [version, inContent] of [
    ["10", false],
    ["11", true],
  ] as const) {
    const room = await openRoom(box, { version });
    const target = box.room(room).create;
    const { pdu } = await send(box, room, said.redaction(ALICE, target));
    expect(pdu["redacts"]).toBe(inContent ? undefined : target);
    expect(pdu.content["redacts"]).toBe(inContent ? target : undefined);
  }
});

test.each([
  ["on two boxes", { name: "b" }],
  ["in two lives of one box", { incarnation: 2 }],
])("equal requests in one millisecond %s make different events", async (_where, options) => {
  const other = await LedgerBox.open(options);
  const opening = (at: LedgerBox) =>
    at.ledger.commit(
      (_, __, env) => buildCreateEvent(env, roomVersion("12"), { creator: ALICE, content: {} }),
      undefined,
    ).reply;
  expect(opening(box).hashes).not.toEqual(opening(other).hashes);
  const room = await openRoom(box);
  await other.takeAll(box);
  const [one, two] = [
    await send(box, room, said.message(ALICE)),
    await send(other, room, said.message(ALICE)),
  ];
  expect(one.pdu.origin_server_ts).toBe(two.pdu.origin_server_ts);
  expect(one.id).not.toBe(two.id);
  other.close();
});

test("an event that is too large is refused, and one of an unknown room", async () => {
  const room = await openRoom(box);
  const large = send(box, room, said.message(ALICE, "x".repeat(65_536)));
  await expect(large).rejects.toMatchObject({ status: 413, errcode: "M_TOO_LARGE" });
  const nowhere = send(box, "!nowhere" as RoomId, said.message(ALICE));
  await expect(nowhere).rejects.toMatchObject({ status: 404 });
});

test("an event follows at most as many others as one may, and the next ones follow the rest", async () => {
  const room = await openRoom(box, { members: [BOB] });
  const count = PREV_EVENTS_MAX + 3;
  for (let i = 0; i < count; i++) {
    const other = await LedgerBox.open({ name: "b", incarnation: i + 2 });
    await other.takeAll(
      box.entries.length === 1 ? box : ({ entries: box.entries.slice(0, 1) } as LedgerBox),
    );
    // A state of its own for each branch.
    await send(other, room, said.state(ALICE, "org.example", { i }, `${i}`));
    await box.takeAll(other);
    other.close();
  }
  expect(box.room(room).extremities).toHaveLength(count);
  const first = await send(box, room, said.message(BOB));
  expect(first.pdu.prev_events).toHaveLength(PREV_EVENTS_MAX);
  expect(box.room(room).extremities).toHaveLength(count - PREV_EVENTS_MAX + 1);
  const second = await send(box, room, said.message(BOB));
  expect(box.room(room).extremities).toEqual([second.id]);
  const known = Array.from({ length: count }, (_, i) => box.stateOf(room, "org.example", `${i}`));
  expect(known.every((id) => id !== undefined)).toBe(true);
  const late = await LedgerBox.open({ name: "x" });
  await late.takeAll(box);
  expect(late.dump()).toEqual(box.dump());
  late.close();
});
