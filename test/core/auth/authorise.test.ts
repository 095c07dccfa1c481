import { describe, expect, test } from "vitest";
import { authorise } from "../../../core/auth/authorise.ts";
import type { RoomId } from "../../../core/ids.ts";
import { RoomBuilder } from "../../support/room-builder.ts";
import {
  ALICE,
  ALL,
  BOB,
  expectRefused,
  MOD,
  publicRoom,
  since,
  STRANGER,
  until,
} from "./support.ts";

describe.each(ALL)("in room version %s", (version) => {
  test("a member may send a message", () => {
    expect(() => publicRoom(version).message(BOB)).not.toThrow();
  });

  test("nothing is allowed in a room without a create event", () => {
    const room = publicRoom(version);
    const event = room.build({ sender: BOB, type: "m.room.message" });
    expectRefused(() => authorise(room.version, event, { get: () => undefined }), "create event");
  });

  test("an event of another room is refused", () => {
    const room = publicRoom(version);
    const event = room.build({ sender: BOB, type: "m.room.message" });
    const other = { ...event, room_id: "!other:a.test" as RoomId };
    expect(() => authorise(room.version, other, room.authState())).toThrow(/another room|room ID/);
  });

  test.each([false, null, "yes", 1])(
    "m.federate: %j refuses users of other servers",
    (federate) => {
      const room = new RoomBuilder({
        version,
        creator: ALICE,
        createContent: { "m.federate": federate },
      });
      room.join(ALICE);
      room.joinRule(ALICE, "public");
      expectRefused(() => room.join(BOB), "closed to users of other servers");
      expect(() => room.join("@neighbour:a.test")).not.toThrow();
    },
  );

  test("m.federate: true lets in users of other servers", () => {
    const createContent = { "m.federate": true };
    const room = new RoomBuilder({ version, creator: ALICE, createContent });
    room.join(ALICE);
    room.joinRule(ALICE, "public");
    expect(() => room.join(BOB)).not.toThrow();
  });

  test.each(["leave", "ban", "stranger"])("a user after %s cannot send", (membership) => {
    const room = publicRoom(version);
    if (membership !== "stranger") room.member(ALICE, BOB, membership);
    const sender = membership === "stranger" ? STRANGER : BOB;
    expectRefused(() => room.message(sender), "not in the room");
  });

  test("messages need events_default, state needs state_default, listed types need their level", () => {
    const room = publicRoom(version, {
      events_default: 50,
      state_default: 60,
      events: { "m.room.topic": 50, "m.reaction": 0 },
    });
    expectRefused(() => room.message(BOB), "lacks the power to send m.room.message");
    room.message(MOD);
    room.topic(MOD, "topic");
    room.send({ sender: BOB, type: "m.reaction" });
    const named = { type: "m.room.name", stateKey: "", content: { name: "x" } };
    expectRefused(
      () => room.send({ ...named, sender: MOD }),
      "lacks the power to send m.room.name",
    );
    room.send({ ...named, sender: ALICE });
  });

  test("without power levels the creator rules, others may send messages but no state", () => {
    const room = new RoomBuilder({ version, creator: ALICE });
    room.join(ALICE);
    room.joinRule(ALICE, "public");
    room.join(BOB);
    room.message(BOB);
    expectRefused(() => room.topic(BOB, "x"), "lacks the power");
    room.topic(ALICE, "x");
  });

  test("a state key that is another user's ID is refused", () => {
    const room = publicRoom(version, { state_default: 0 });
    const own = { sender: BOB, type: "x.custom" };
    room.send({ ...own, stateKey: BOB });
    room.send({ ...own, stateKey: "bob" });
    expectRefused(() => room.send({ ...own, stateKey: MOD }), "another user");
    expectRefused(() => room.send({ ...own, stateKey: "@" }), "another user");
  });
});

describe("m.room.aliases", () => {
  const aliases = (sender: string, stateKey?: string) => ({
    sender,
    type: "m.room.aliases",
    ...(stateKey === undefined ? {} : { stateKey }),
    content: { aliases: [] },
  });

  test.each(until(5))("follow a rule of their own in room version %s", (version) => {
    const room = publicRoom(version);
    room.send(aliases(BOB, "b.test"));
    room.send(aliases(STRANGER, "d.test"));
    expectRefused(() => room.send(aliases(BOB, "a.test")), "own server");
    expectRefused(() => room.send(aliases(BOB)), "own server");
  });

  test.each(since(6))("are ordinary state in room version %s", (version) => {
    const room = publicRoom(version);
    expectRefused(() => room.send(aliases(BOB, "b.test")), "lacks the power");
    room.send(aliases(MOD, "a.test"));
  });
});

describe("m.room.redaction", () => {
  const redaction = (sender: string, redacts: string) => ({
    sender,
    type: "m.room.redaction",
    redacts,
  });

  test.each(until(2))("needs power or the same server in room version %s", (version) => {
    const room = publicRoom(version);
    room.send(redaction(MOD, "$x:a.test"));
    room.send(redaction(BOB, "$x:b.test"));
    expectRefused(() => room.send(redaction(BOB, "$x:a.test")), "redact");
    const none = { sender: BOB, type: "m.room.redaction" };
    expectRefused(() => room.send(none), "redact");
  });

  test.each(since(3))("is an ordinary event in room version %s", (version) => {
    const room = publicRoom(version, { redact: 100 });
    room.send(redaction(BOB, "$x:a.test"));
    const strict = publicRoom(version, { events: { "m.room.redaction": 50 } });
    expectRefused(() => strict.send(redaction(BOB, "$x:a.test")), "lacks the power");
  });
});
