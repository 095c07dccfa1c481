import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { EventId, RoomId, UserId } from "../../../core/ids.ts";
import { currentState } from "../../../core/rooms/state-view.ts";
import { splitStateKey } from "../../../core/event/state-key.ts";
import { NO_MEMBER } from "../../../core/rooms/no-member.ts";
import { events, memberships, roomState, topicLog } from "../../../core/tables.ts";
import { ALICE, BOB, CAROL, DAVE, LedgerBox, START_MS } from "./ledger-box.ts";
import { openRoom, said, send } from "./said.ts";
import { letIn } from "./slips.ts";

let a: LedgerBox;
let b: LedgerBox;
let room: RoomId;
/** No two events happen at the same moment: the order of those that do is that of their IDs. */
let nowMs = START_MS;
const wall = (): number => nowMs++;
beforeEach(async () => {
  a = await LedgerBox.open({ name: "a", wall });
  b = await LedgerBox.open({ name: "b", wall });
  room = await openRoom(a, {
    members: [BOB, CAROL],
    levels: { users: { [BOB]: 75, [CAROL]: 50 } },
  });
  await b.takeAll(a);
});
afterEach(() => {
  a.close();
  b.close();
});

async function meet(): Promise<void> {
  await a.takeAll(b);
  await b.takeAll(a);
}

const membershipOf = (box: LedgerBox, user: UserId): string | undefined =>
  box.get(memberships, [user, room])?.membership;

function expectIndexIsState(box: LedgerBox): void {
  const entries = currentState({ view: box.view, docs: box.docs }, room, box.room(room)).entries();
  const state = [...entries].map(([key, event]) => [...splitStateKey(key), event]);
  const index = box.rows(roomState).map(([[, type, key], event]) => [type, key, event]);
  expect(state.toSorted()).toEqual(index.toSorted());
}

describe("memberships", () => {
  const counts = ({ joined, invited } = a.room(room)) => ({ joined, invited });

  test("follow each change, and so do the counts", async () => {
    expect(counts()).toEqual({ joined: 3, invited: 0 });
    await send(a, room, said.member(ALICE, DAVE, "invite"));
    expect(counts()).toEqual({ joined: 3, invited: 1 });
    expect(membershipOf(a, DAVE)).toBe("invite");
    await send(a, room, said.join(DAVE));
    expect(counts()).toEqual({ joined: 4, invited: 0 });
    await send(a, room, said.member(DAVE, DAVE, "join", { displayname: "Dave" }));
    expect(counts()).toEqual({ joined: 4, invited: 0 });
    const { id } = await send(a, room, said.member(ALICE, DAVE, "ban"));
    expect(counts()).toEqual({ joined: 3, invited: 0 });
    expect(a.get(memberships, [DAVE, room])).toEqual({ membership: "ban", event: id });
  });

  test("are told to the user", async () => {
    const { seq } = await send(a, room, said.join(DAVE));
    const log = a.get(topicLog, [`user:${DAVE}`, "aaaaaaaa" as never, 1, seq]);
    expect(log).toEqual([{ membership: room }]);
  });

  test("of other servers' users are counted and not listed", async () => {
    await send(a, room, said.join("@zoe:other.test" as UserId));
    expect(counts().joined).toBe(4);
    expect(a.rows(memberships).map(([[user]]) => user)).toEqual([ALICE, BOB, CAROL]);
  });

  test("that resolution takes back are taken back", async () => {
    await send(a, room, said.state(ALICE, "m.room.join_rules", { join_rule: "invite" }));
    await send(b, room, said.join(DAVE));
    expect([membershipOf(b, DAVE), b.room(room).joined]).toEqual(["join", 4]);
    await meet();
    for (const box of [a, b]) {
      expect(box.get(memberships, [DAVE, room])).toEqual(NO_MEMBER);
      expect(box.room(room).joined).toBe(3);
      expectIndexIsState(box);
    }
  });

  test("of events that entered unseen are remembered alike, whether or not they counted for a while", async () => {
    await send(a, room, said.state(ALICE, "m.room.join_rules", { join_rule: "invite" }));
    await letIn(b, room, said.join(DAVE), "soft-failed", []);
    const unseen = b.rows(events).find(([, { hidden }]) => hidden === "soft-failed")?.[0][0];
    expect(unseen).toBeDefined();
    await letIn(b, room, said.message(ALICE), "elsewhere", [unseen as EventId]);
    expect(b.get(memberships, [DAVE, room])?.membership).toBe("join");
    await meet();
    for (const box of [a, b]) expect(box.get(memberships, [DAVE, room])).toEqual(NO_MEMBER);
  });
});

describe("a fork of the state", () => {
  test("is resolved at once, and the difference to the document is kept until a message closes it", async () => {
    await send(a, room, said.member(ALICE, CAROL, "ban"));
    await send(b, room, said.topic(CAROL, "mine"));
    await meet();
    const open = a.room(room);
    expect(open).toEqual(b.room(room));
    expect(open.extremities).toHaveLength(2);
    expect(open.heads).toHaveLength(2);
    expect(open.patch).toEqual([["m.room.topic\u001f", null]]);
    expect(a.stateOf(room, "m.room.topic")).toBeUndefined();
    expect(membershipOf(a, CAROL)).toBe("ban");
    expectIndexIsState(a);

    const closing = await send(a, room, said.message(ALICE));
    expect(a.room(room)).toMatchObject({ extremities: [closing.id], heads: closing.heads });
    expect(closing.heads).toHaveLength(1);
    expect(a.room(room)).not.toHaveProperty("patch");
    expectIndexIsState(a);
    await meet();
    expect(b.dump()).toEqual(a.dump());
  });

  test("that leaves nothing to write is closed by a message without a change", async () => {
    await send(a, room, said.topic(ALICE, "topic"));
    await send(b, room, said.state(ALICE, "m.room.name", { name: "name" }));
    await meet();
    expect(a.room(room).heads).toHaveLength(2);
    expect(a.room(room)).not.toHaveProperty("patch");
    const closing = await send(a, room, said.message(BOB));
    expect(closing.heads).toEqual(a.room(room).heads);
    expect(a.entries.at(-1)?.transaction.records.map(({ kind }) => kind)).toEqual(["event"]);
    expectIndexIsState(a);
  });

  test("stays as it is while messages follow on one branch", async () => {
    await send(a, room, said.member(ALICE, CAROL, "ban"));
    await send(b, room, said.topic(CAROL, "mine"));
    await send(b, room, said.message(CAROL, "one"));
    await a.takeAll(b);
    const { extremities: _, depth: __, ...open } = a.room(room);
    await send(b, room, said.message(CAROL, "two"));
    await a.takeAll(b);
    expect(a.room(room)).toMatchObject(open);
    expect(a.room(room).depth).toBe(b.room(room).depth);
    expectIndexIsState(a);
  });

  test("grows and closes with state events on it and over it", async () => {
    await send(a, room, said.topic(BOB, "one"));
    await send(b, room, said.topic(CAROL, "two"));
    await a.takeAll(b);
    await send(b, room, said.state(CAROL, "m.room.name", { name: "n" }));
    await a.takeAll(b);
    expect(a.room(room).extremities).toHaveLength(2);
    expect(a.stateOf(room, "m.room.name")).toBeDefined();
    expectIndexIsState(a);
    const over = await send(a, room, said.topic(ALICE, "three"));
    expect(a.stateOf(room, "m.room.topic")).toBe(over.id);
    expect(a.room(room)).not.toHaveProperty("patch");
    expectIndexIsState(a);
    await meet();
    expect(b.dump()).toEqual(a.dump());
    expectIndexIsState(b);
  });

  test("of messages alone is none of the state", async () => {
    const { heads } = a.room(room);
    await send(a, room, said.message(BOB));
    await send(b, room, said.message(CAROL));
    await meet();
    expect(a.room(room).extremities).toHaveLength(2);
    expect(a.room(room).heads).toEqual(heads);
    await send(a, room, said.topic(ALICE, "x"));
    expect(a.room(room).heads).toHaveLength(1);
    expectIndexIsState(a);
  });
});
