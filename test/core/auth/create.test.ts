import { describe, expect, test } from "vitest";
import { authorise } from "../../../core/auth/authorise.ts";
import type { DraftPdu } from "../../../core/event/pdu.ts";
import { roomVersion } from "../../../core/room-version/table.ts";
import { RoomBuilder } from "../../support/room-builder.ts";
import { ALICE, ALL, expectRefused, since, until } from "./support.ts";

const empty = { get: () => undefined };

/** The create event of a new room, changed. */
function create(version: string, change: object): () => void {
  const room = new RoomBuilder({ version, creator: ALICE });
  const event = { ...room.get(room.createId), ...change } as DraftPdu;
  return () => authorise(roomVersion(version), event, empty);
}

describe.each(ALL)("the create event of room version %s", (version) => {
  test("is allowed", () => {
    expect(create(version, {})).not.toThrow();
  });

  test("cannot follow another event", () => {
    expectRefused(create(version, { prev_events: ["$x"] }), "cannot follow");
  });

  test.each([{ room_version: "unknown" }, { room_version: 1 }, { room_version: null }])(
    "must not name the room version %j",
    (content) => {
      expectRefused(create(version, { content: { creator: ALICE, ...content } }), "not supported");
    },
  );

  test("may leave the room version out", () => {
    expect(create(version, { content: { creator: ALICE } })).not.toThrow();
  });
});

test.each(until(11))("the room ID is of the sender's server in room version %s", (version) => {
  expectRefused(create(version, { room_id: "!room:b.test" }), "sender's server");
  expectRefused(create(version, { room_id: undefined }), "sender's server");
});

test.each(since(12))("the create event has no room ID in room version %s", (version) => {
  expectRefused(create(version, { room_id: "!room:a.test" }), "must not have a room ID");
});

test.each(until(10))("the content names the creator in room version %s", (version) => {
  expectRefused(create(version, { content: {} }), "name the creator");
});

test.each(since(11))("the content need not name the creator in room version %s", (version) => {
  expect(create(version, { content: {} })).not.toThrow();
});

describe("additional creators", () => {
  test.each([[[]], [["@bob:b.test", "@:c.test"]]])("may be %j", (creators) => {
    expect(create("12", { content: { additional_creators: creators } })).not.toThrow();
  });

  test.each([["@bob:b.test"], [{}], [[1]], [["bob"]], [["@bob"]], [null]])(
    "must not be %j",
    (creators) => {
      const content = { creator: ALICE, additional_creators: creators };
      expectRefused(create("12", { content }), "additional_creators");
      expect(create("11", { content })).not.toThrow();
    },
  );
});
