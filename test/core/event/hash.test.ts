import { describe, expect, test } from "vitest";
import {
  contentHash,
  eventIdOf,
  hasValidContentHash,
  referenceHash,
  rememberEventId,
  roomIdOf,
  unpaddedBase64,
} from "../../../core/event/hash.ts";
import type { Pdu } from "../../../core/event/pdu.ts";
import { redact } from "../../../core/event/redact.ts";
import type { EventId } from "../../../core/ids.ts";
import { RoomBuilder } from "../../support/room-builder.ts";

/** https://spec.matrix.org/v1.19/appendices/#unpadded-base64 */
test.each([
  ["", ""],
  ["f", "Zg"],
  ["fo", "Zm8"],
  ["foo", "Zm9v"],
  ["foob", "Zm9vYg"],
  ["fooba", "Zm9vYmE"],
  ["foobar", "Zm9vYmFy"],
])("unpadded base64 of %j is %j", (text, encoded) => {
  expect(unpaddedBase64(Buffer.from(text))).toBe(encoded);
});

describe("event IDs", () => {
  const message = (version: string): [RoomBuilder, EventId] => {
    const room = new RoomBuilder({ version });
    room.join(room.creator);
    return [room, room.message(room.creator, "text")];
  };

  test.each(["1", "2"])("are assigned in room version %s", (version) => {
    const [room, id] = message(version);
    expect(id).toBe("$2:a.test");
    expect(room.get(id).event_id).toBe(id);
  });

  test("are the reference hash in standard base64 in room version 3", () => {
    const [room, id] = message("3");
    const hash = referenceHash(room.version, room.get(id));
    expect(id).toBe(`$${unpaddedBase64(hash)}`);
  });

  test.each(["4", "11", "12"])("are the url-safe reference hash in room version %s", (version) => {
    const [room, id] = message(version);
    const copy = structuredClone(room.get(id));
    expect(eventIdOf(room.version, copy)).toBe(id);
    expect(id).toBe(`$${referenceHash(room.version, copy).toString("base64url")}`);
    expect(id).toMatch(/^\$[A-Za-z0-9_-]{43}$/);
  });

  test("are the same for an event and for what redaction leaves of it", () => {
    const [room, id] = message("12");
    expect(eventIdOf(room.version, redact(room.version, room.get(id)))).toBe(id);
  });

  test("are not worked out again where they are known", () => {
    const [room, id] = message("12");
    const copy = structuredClone(room.get(id));
    rememberEventId(copy, "$known" as EventId);
    expect(eventIdOf(room.version, copy)).toBe("$known");
  });
});

describe("room IDs", () => {
  test("are the hash of the create event in room version 12", () => {
    const room = new RoomBuilder({ version: "12" });
    expect(room.roomId).toBe(`!${room.createId.slice(1)}`);
    expect(room.get(room.createId).room_id).toBeUndefined();
  });

  test("must be present in older versions", () => {
    const room = new RoomBuilder({ version: "11" });
    const { room_id: _, ...create } = room.get(room.createId);
    expect(() => roomIdOf(room.version, create as Pdu)).toThrow("no room_id");
  });
});

describe("content hashes", () => {
  test("cover the content but neither signatures nor unsigned", () => {
    const room = new RoomBuilder();
    const event = room.get(room.createId);
    expect(contentHash(room.version, { ...event, signatures: {} })).toBe(event.hashes.sha256);
    expect(hasValidContentHash(room.version, event)).toBe(true);
    const changed = { ...event, content: { ...event.content, more: 1 } };
    expect(hasValidContentHash(room.version, changed)).toBe(false);
  });

  test("may come with padding", () => {
    const room = new RoomBuilder();
    const event = room.get(room.createId);
    const padded = { ...event, hashes: { sha256: `${event.hashes.sha256}=` } };
    expect(hasValidContentHash(room.version, padded)).toBe(true);
  });
});
