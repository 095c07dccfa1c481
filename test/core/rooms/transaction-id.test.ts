import { expect, test } from "vitest";
import { clientTransactionId, scopedTransactionId } from "../../../core/rooms/transaction-id.ts";
import type { RoomId } from "../../../core/ids.ts";

const room = "!r:h.test" as RoomId;

test("a transaction ID counts for its path, and the client's part comes back", () => {
  const scoped = scopedTransactionId("send", room, "m.x", 'a","b');
  expect(clientTransactionId(scoped)).toBe('a","b');
  expect(scopedTransactionId("redact", room, "m.x", 'a","b')).not.toBe(scoped);
  expect(scopedTransactionId("send", room, 'm.x","a', "b")).not.toBe(
    scopedTransactionId("send", room, "m.x", 'a","b'),
  );
});
