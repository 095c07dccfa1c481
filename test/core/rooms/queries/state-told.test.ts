import { afterEach, beforeEach, expect, test } from "vitest";
import { stateTold } from "../../../../core/rooms/queries/state-told.ts";
import { positionOf } from "../../../../core/timeline/position.ts";
import type { PageToken } from "../../../../core/timeline/page-token.ts";
import type { RoomId, UserId } from "../../../../core/ids.ts";
import type { Vector } from "../../../../core/vector.ts";
import { ALICE, BOB, CAROL, DAVE, LedgerBox } from "../ledger-box.ts";
import { openRoom, said, send } from "../said.ts";

let a: LedgerBox;
let b: LedgerBox;
let room: RoomId;
beforeEach(async () => {
  a = await LedgerBox.open({ name: "a" });
  b = await LedgerBox.open({ name: "b" });
  room = await openRoom(a, { members: [BOB] });
  await b.takeAll(a);
});
afterEach(() => {
  a.close();
  b.close();
});

/** Who is in the room, as somebody with this token was told. */
function joined(token: Pick<PageToken, "point" | "vector">, on = a): UserId[] | undefined {
  const state = stateTold({ view: on.view, docs: on.docs }, room, token);
  if (!state) return undefined;
  return [ALICE, BOB, CAROL, DAVE].filter((user) => {
    const id = state.get("m.room.member", user);
    return id !== undefined && on.event(id).pdu.content["membership"] === "join";
  });
}

test("covers both branches of a fork, and none that was not told", async () => {
  const before = a.ledger.vector;
  await send(a, room, said.join(CAROL));
  const onA = a.ledger.vector;
  await send(b, room, said.join(DAVE));
  await a.takeAll(b);
  const both = a.ledger.vector;
  await send(a, room, said.member(BOB, BOB, "leave"));
  await b.takeAll(a);
  for (const on of [a, b]) {
    expect(joined({ vector: before }, on)).toEqual([ALICE, BOB]);
    expect(joined({ vector: onA }, on)).toEqual([ALICE, BOB, CAROL]);
    expect(joined({ vector: both }, on)).toEqual([ALICE, BOB, CAROL, DAVE]);
    expect(joined({ vector: on.ledger.vector }, on)).toEqual([ALICE, CAROL, DAVE]);
  }
});

test("ends at the event that a page ended at", async () => {
  const carol = await send(a, room, said.join(CAROL));
  const dave = await send(a, room, said.join(DAVE));
  const { vector } = a.ledger;
  const at = (side: "before" | "after") => ({ vector, point: { side, at: positionOf(dave) } });
  expect(joined(at("after"))).toEqual([ALICE, BOB, CAROL, DAVE]);
  expect(joined(at("before"))).toEqual([ALICE, BOB, CAROL]);
  const carolOnly = { vector, point: { side: "after", at: positionOf(carol) } } as const;
  expect(joined(carolOnly)).toEqual([ALICE, BOB, CAROL]);
});

test("is not known to who was told of nothing", () => {
  expect(joined({ vector: {} as Vector })).toBeUndefined();
});
