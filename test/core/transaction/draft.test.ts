import { afterEach, beforeEach, expect, test } from "vitest";
import { fields, puts, rooms, sessionRounds, timeline } from "../../../core/tables.ts";
import type { SessionId } from "../../../core/ids.ts";
import { RECORDS_PER_TRANSACTION_MAX } from "../../../core/transaction/draft.ts";
import type { Draft } from "../../../core/transaction/draft.ts";
import { sendInRoom } from "../../../core/rooms/build-event.ts";
import { ALICE, BOB, LedgerBox } from "../rooms/ledger-box.ts";
import { openRoom, said } from "../rooms/said.ts";

let box: LedgerBox;
beforeEach(async () => {
  box = await LedgerBox.open();
});
afterEach(() => box.close());

function factOf(n: number): readonly string[] {
  return [ALICE, `room${n}`];
}

test("what throws leaves no trace", async () => {
  const room = await openRoom(box);
  const before = box.dump();
  const heads = box.docs.heads(`user:${ALICE}`);
  const failing = box.run((draft, _, env) => {
    draft.setField(`user:${ALICE}`, "profile", "displayname", "Alice");
    draft.putFact("fully_read", factOf(1), { event_id: "$x" });
    sendInRoom(draft, env, { ...said.topic(ALICE, "new"), room });
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(box.dump()).toEqual(before);
  expect(box.docs.heads(`user:${ALICE}`)).toEqual(heads);
  expect(box.room(room).extremities).toEqual(box.rows(rooms)[0]?.[1].extremities);
  expect(box.entries).toHaveLength(1);
});

test("a command sees what it staged, in one transaction", async () => {
  const room = await openRoom(box);
  const seen = await box.run((draft, _, env) => {
    const first = sendInRoom(draft, env, { ...said.topic(ALICE, "one"), room });
    const second = sendInRoom(draft, env, { ...said.message(ALICE), room });
    draft.setField(`user:${ALICE}`, "profile", "displayname", "Alice");
    draft.putFact("fully_read", factOf(1), { event_id: second.id });
    return {
      follows: second.pdu.prev_events,
      first: first.id,
      name: draft.getField(`user:${ALICE}`, "profile", "displayname"),
      fact: draft.get(puts, ["fully_read", ALICE, "room1"])?.value,
      second: second.id,
    };
  });
  expect(seen.follows).toEqual([seen.first]);
  expect(seen.name).toBe("Alice");
  expect(seen.fact).toEqual({ event_id: seen.second });
  expect(box.entries).toHaveLength(2);
  expect(box.rows(timeline).filter(([, { seq }]) => seq === 2)).toHaveLength(2);
});

test("an equal field stages nothing, a missing one is deleted", async () => {
  const set = (value: string | undefined) =>
    box.run((draft) => {
      draft.setField("mesh", "directory", "!r", value);
      return draft.records.length;
    });
  expect(await set(undefined)).toBe(0);
  expect(await set("a")).toBe(1);
  expect(await set("a")).toBe(0);
  expect(await set(undefined)).toBe(1);
  expect(box.rows(fields)).toEqual([]);
});

test("what would go beyond the greatest number of records is refused before anything is changed", async () => {
  const room = await openRoom(box);
  const roomHeads = box.room(room).heads;
  const fill = (draft: Draft, count: number): void => {
    for (let n = 0; n < count; n++) draft.putFact("fully_read", factOf(n), { event_id: "$x" });
  };
  await box.run((draft, _, env) => {
    fill(draft, RECORDS_PER_TRANSACTION_MAX - 1);
    // A state event is two records: its change and itself.
    expect(() => sendInRoom(draft, env, { ...said.topic(ALICE, "x"), room })).toThrow("too much");
    fill(draft, 1);
    expect(() => draft.setField("mesh", "directory", "!r", 1)).toThrow("too much");
    expect(() => fill(draft, 1)).toThrow("too much");
    expect(draft.records).toHaveLength(RECORDS_PER_TRANSACTION_MAX);
  });
  expect(box.docs.heads("mesh")).toEqual([]);
  expect(box.docs.heads(`room:${room}`)).toEqual(roomHeads);
});

test("a refused event may be passed over", async () => {
  const room = await openRoom(box);
  await box.run((draft, _, env) => {
    const refused = () => sendInRoom(draft, env, { ...said.topic(BOB, "x"), room });
    expect(refused).toThrow(expect.objectContaining({ status: 403, errcode: "M_FORBIDDEN" }));
    expect(draft.records).toEqual([]);
    sendInRoom(draft, env, { ...said.join(BOB), room });
  });
  expect(box.room(room).joined).toBe(2);
});

test("a round of a session that is known stages nothing, nor does an earlier one", async () => {
  const session = "session" as SessionId;
  for (const round of [2, 2, 1, 0]) {
    await box.run((draft) => draft.raiseRound(session, round));
  }
  expect(box.rows(sessionRounds)).toEqual([[[session], 2]]);
  expect(box.entries).toHaveLength(1);
});
