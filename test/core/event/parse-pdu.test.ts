import { describe, expect, test } from "vitest";
import { parsePdu } from "../../../core/event/parse-pdu.ts";
import { prevEventIds } from "../../../core/event/pdu.ts";
import type { Pdu } from "../../../core/event/pdu.ts";
import { ROOM_VERSIONS, roomVersion } from "../../../core/room-version/table.ts";
import { RoomBuilder } from "../../support/room-builder.ts";

const ID = `$${"x".repeat(43)}`;

function message(version: string): Pdu {
  const room = new RoomBuilder({ version });
  room.join(room.creator);
  return room.get(room.message(room.creator));
}

describe.each([...ROOM_VERSIONS.keys()])("in room version %s", (version) => {
  test("every event of a room parses to itself, with unsigned apart", () => {
    const room = new RoomBuilder({ version });
    room.join(room.creator);
    room.message(room.creator);
    for (const event of room.events.values()) {
      const received: unknown = JSON.parse(JSON.stringify({ ...event, unsigned: { age: 1 } }));
      expect(parsePdu(room.version, received)).toEqual({ pdu: event, unsigned: { age: 1 } });
    }
  });

  test.each([
    ["no object", () => "event"],
    ["an array", () => []],
    ["no type", (event: Pdu) => ({ ...event, type: undefined })],
    ["a sender that is no user ID", (event: Pdu) => ({ ...event, sender: "alice" })],
    ["a state key that is no text", (event: Pdu) => ({ ...event, state_key: 1 })],
    ["redacts that is no text", (event: Pdu) => ({ ...event, redacts: {} })],
    ["content that is no object", (event: Pdu) => ({ ...event, content: [] })],
    ["a negative depth", (event: Pdu) => ({ ...event, depth: -1 })],
    ["a depth that is no integer", (event: Pdu) => ({ ...event, depth: 1.5 })],
    ["no timestamp", (event: Pdu) => ({ ...event, origin_server_ts: undefined })],
    ["no hash", (event: Pdu) => ({ ...event, hashes: {} })],
    ["signatures of a wrong type", (event: Pdu) => ({ ...event, signatures: { a: 1 } })],
    ["no room ID", (event: Pdu) => ({ ...event, room_id: undefined })],
    ["a wrong room ID", (event: Pdu) => ({ ...event, room_id: "#room:a.test" })],
    ["no prev_events", (event: Pdu) => ({ ...event, prev_events: undefined })],
    ["a wrong event ID in auth_events", (event: Pdu) => ({ ...event, auth_events: ["x"] })],
    [
      "too many prev_events",
      (event: Pdu) => ({
        ...event,
        prev_events: Array.from({ length: 21 }, () => event.prev_events[0]),
      }),
    ],
    [
      "too many auth_events",
      (event: Pdu) => ({
        ...event,
        auth_events: Array.from({ length: 11 }, () => event.prev_events[0]),
      }),
    ],
    ["a type of more than 255 bytes", (event: Pdu) => ({ ...event, type: "é".repeat(128) })],
  ])("an event with %s is refused", (_, change) => {
    expect(() => parsePdu(roomVersion(version), change(message(version)))).toThrow(
      expect.objectContaining({ errcode: "M_BAD_JSON" }),
    );
  });

  test("an event of more than 65,536 bytes is refused", () => {
    const event = message(version);
    const spare = 65_536 - Buffer.byteLength(JSON.stringify({ ...event, pad: "" }));
    const padded = (bytes: number): object => ({ ...event, pad: "x".repeat(bytes) });
    expect(() => parsePdu(roomVersion(version), padded(spare))).not.toThrow();
    expect(() => parsePdu(roomVersion(version), padded(spare + 1))).toThrow(
      expect.objectContaining({ errcode: "M_TOO_LARGE", status: 413 }),
    );
  });
});

test("floats are let through before room version 6 and refused since", () => {
  const odd = (version: string): object => ({ ...message(version), content: { n: 1.5 } });
  expect(() => parsePdu(roomVersion("5"), odd("5"))).not.toThrow();
  expect(() => parsePdu(roomVersion("6"), odd("6"))).toThrow("Numbers must be integers");
});

test("an event that is nested too deeply is refused, also where JSON is not checked strictly", () => {
  const nested: unknown = JSON.parse("[".repeat(20_000) + "]".repeat(20_000));
  for (const version of ["5", "12"]) {
    const event = { ...message(version), content: { nested } };
    expect(() => parsePdu(roomVersion(version), event)).toThrow("nested too deeply");
  }
});

test("references are pairs in room versions 1 and 2, and IDs since", () => {
  const event = message("2");
  expect(prevEventIds(event)).toEqual(["$1:a.test"]);
  expect(() => parsePdu(roomVersion("2"), { ...event, prev_events: [ID] })).toThrow("event IDs");
  const newer = message("3");
  expect(() => parsePdu(roomVersion("3"), { ...newer, prev_events: [[ID, {}]] })).toThrow("IDs");
});

test("an event of room version 2 must have its ID, and one of room version 12 the hash of its room", () => {
  const { event_id: _, ...anonymous } = message("2");
  expect(() => parsePdu(roomVersion("2"), anonymous)).toThrow("event_id");
  expect(() => parsePdu(roomVersion("12"), { ...message("12"), room_id: "!room:a.test" })).toThrow(
    "hash of the create event",
  );
});

test("users with historical names are accepted", () => {
  const event = message("12");
  for (const sender of ["@:a.test", "@Ünï códe:a.test", "@a:[::1]:8448", "@a:1.2.3.4:80"]) {
    expect(parsePdu(roomVersion("12"), { ...event, sender }).pdu.sender).toBe(sender);
  }
  for (const sender of ["@a", "@a:", "@a:b c", "@a\0:a.test", `@${"a".repeat(260)}:a.test`]) {
    expect(() => parsePdu(roomVersion("12"), { ...event, sender })).toThrow("sender");
  }
});
