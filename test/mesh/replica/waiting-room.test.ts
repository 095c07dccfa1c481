import { expect, test } from "vitest";
import { originOf } from "../../../core/vector.ts";
import type { Entry } from "../../../mesh/journal/entry.ts";
import { WAITING_ENTRIES_MAX, WAITING_LENGTH_MAX } from "../../../mesh/replica/constants.ts";
import { WaitingRoom } from "../../../mesh/replica/waiting-room.ts";
import { boxOfName } from "../journal/open-ledger.ts";

const A = originOf(boxOfName("a"), 1);
const B = originOf(boxOfName("b"), 1);

function entry(origin: typeof A, seq: number, length = 10): Entry {
  return { transaction: { origin, seq }, text: "x".repeat(length) } as unknown as Entry;
}

test("entries wait by origin and sequence until they are taken or unwanted", () => {
  const room = new WaitingRoom();
  for (const seq of [5, 3, 4]) room.add(entry(A, seq));
  room.add(entry(B, 1));
  expect([room.size, room.origins()]).toEqual([4, [A, B]]);
  expect(room.peek(A, 3)?.transaction.seq).toBe(3);
  expect(room.take(A, 3)?.transaction.seq).toBe(3);
  expect(room.take(A, 3)).toBeUndefined();
  room.dropThrough(A, 4);
  expect([room.peek(A, 4), room.peek(A, 5)?.transaction.seq]).toEqual([undefined, 5]);
  room.dropThrough(A, Number.POSITIVE_INFINITY);
  expect([room.size, room.origins()]).toEqual([1, [B]]);
});

test("another entry of the same place takes it over", () => {
  const room = new WaitingRoom();
  room.add(entry(A, 1));
  const newer = entry(A, 1, 20);
  room.add(newer);
  expect([room.size, room.peek(A, 1)]).toEqual([1, newer]);
});

test("the entry that came first makes room where there are too many or too much text", () => {
  const room = new WaitingRoom();
  for (let seq = 1; seq <= WAITING_ENTRIES_MAX + 1; seq++) room.add(entry(A, seq));
  expect([room.size, room.peek(A, 1), room.peek(A, 2)?.transaction.seq]).toEqual([
    WAITING_ENTRIES_MAX,
    undefined,
    2,
  ]);
  const other = new WaitingRoom();
  other.add(entry(A, 1, WAITING_LENGTH_MAX));
  other.add(entry(A, 2, 1));
  expect([other.size, other.peek(A, 1)]).toEqual([1, undefined]);
});
