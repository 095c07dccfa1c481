import { describe, expect, test } from "vitest";
import { RoomBuilder } from "../../support/room-builder.ts";
import {
  ADMIN,
  ALICE,
  ALL,
  BOB,
  CAROL,
  expectRefused,
  levels,
  MOD,
  publicRoom,
  since,
  STRANGER,
  until,
} from "./support.ts";

const AUTHORISED_BY = "join_authorised_via_users_server";

/** The same room, open to those whom this rule lets in. */
function roomWithRule(version: string, rule: string): RoomBuilder {
  const room = publicRoom(version);
  room.joinRule(ALICE, rule);
  return room;
}

describe.each(ALL)("memberships in room version %s", (version) => {
  test("the creator joins right after the create event, and only then without an invite", () => {
    const room = new RoomBuilder({ version, creator: ALICE });
    expectRefused(() => room.join(BOB), "not invited");
    room.join(ALICE);
    const left = room.member(ALICE, ALICE, "leave");
    expectRefused(() => room.join(ALICE), "not invited");
    expectRefused(() => room.join(ALICE, { prev: [room.createId, left] }), "not invited");
  });

  test("need a state key and a known membership", () => {
    const room = publicRoom(version);
    const event = { sender: BOB, type: "m.room.member", content: { membership: "join" } };
    expectRefused(() => room.send(event), "needs a state key");
    expectRefused(() => room.send({ ...event, stateKey: BOB, content: {} }), "name the membership");
    expectRefused(() => room.member(BOB, BOB, "unknown"), "unknown");
  });

  describe("join", () => {
    test("is for oneself only", () => {
      expectRefused(
        () => publicRoom(version).member(BOB, STRANGER, "join"),
        "only join themselves",
      );
    });

    test("is refused to the banned, whatever the join rule", () => {
      const room = publicRoom(version);
      room.member(MOD, BOB, "ban");
      expectRefused(() => room.join(BOB), "banned");
    });

    test("is open to all in a public room", () => {
      expect(() => publicRoom(version).join(STRANGER)).not.toThrow();
    });

    test("needs an invite in a room by invitation; members may join again", () => {
      const room = roomWithRule(version, "invite");
      expectRefused(() => room.join(STRANGER), "not invited");
      room.join(BOB);
      room.member(BOB, STRANGER, "invite");
      room.join(STRANGER);
    });

    test.each(["private", "unknown", "", 5, null, {}])(
      "is refused by the rule %j even to the invited",
      (rule) => {
        const room = publicRoom(version);
        room.member(BOB, STRANGER, "invite");
        const content = { join_rule: rule };
        room.send({ sender: ALICE, type: "m.room.join_rules", stateKey: "", content });
        expectRefused(() => room.join(STRANGER), "not invited");
      },
    );

    test("is for the invited where the room names no rule", () => {
      const room = publicRoom(version);
      room.send({ sender: ALICE, type: "m.room.join_rules", stateKey: "" });
      expectRefused(() => room.join(STRANGER), "not invited");
      room.member(BOB, STRANGER, "invite");
      room.join(STRANGER);
    });
  });

  describe("invite", () => {
    test("is refused to those outside, to members and to the banned", () => {
      const room = publicRoom(version);
      expectRefused(
        () => room.member(STRANGER, "@x:d.test", "invite"),
        "sender is not in the room",
      );
      expectRefused(() => room.member(BOB, CAROL, "invite"), "already in the room");
      room.member(MOD, CAROL, "ban");
      expectRefused(() => room.member(BOB, CAROL, "invite"), "banned");
    });

    test("needs the invite level", () => {
      const room = publicRoom(version, { invite: 50 });
      expectRefused(() => room.member(BOB, STRANGER, "invite"), "power to invite");
      room.member(MOD, STRANGER, "invite");
    });
  });

  describe("leave", () => {
    test("is for members and the invited", () => {
      const room = publicRoom(version);
      room.member(BOB, STRANGER, "invite");
      room.member(STRANGER, STRANGER, "leave");
      room.member(BOB, BOB, "leave");
      expectRefused(() => room.member(BOB, BOB, "leave"), "not in the room");
      room.member(MOD, CAROL, "ban");
      expectRefused(() => room.member(CAROL, CAROL, "leave"), "not in the room");
    });

    test("of another user needs the kick level and more power than that user has", () => {
      const room = publicRoom(version);
      expectRefused(() => room.member(STRANGER, BOB, "leave"), "sender is not in the room");
      expectRefused(() => room.member(CAROL, BOB, "leave"), "power to remove");
      expectRefused(() => room.member(MOD, ADMIN, "leave"), "power to remove");
      expectRefused(() => room.member(MOD, ALICE, "leave"), "power to remove");
      room.member(MOD, BOB, "leave");
    });

    test("after a ban needs the ban level too", () => {
      const room = publicRoom(version, { ban: 100 });
      room.member(ADMIN, BOB, "ban");
      expectRefused(() => room.member(MOD, BOB, "leave"), "power to unban");
      room.member(ADMIN, BOB, "leave");
      room.join(BOB);
    });
  });

  test("ban needs the ban level and more power than the target has", () => {
    const room = publicRoom(version);
    expectRefused(() => room.member(STRANGER, BOB, "ban"), "sender is not in the room");
    expectRefused(() => room.member(CAROL, BOB, "ban"), "power to ban");
    expectRefused(() => room.member(MOD, ADMIN, "ban"), "power to ban");
    expectRefused(() => room.member(MOD, MOD, "ban"), "power to ban");
    room.member(MOD, BOB, "ban");
    room.member(MOD, STRANGER, "ban");
  });
});

describe("knocking", () => {
  test.each(until(6))("does not exist in room version %s", (version) => {
    const room = roomWithRule(version, "knock");
    expectRefused(() => room.member(STRANGER, STRANGER, "knock"), "unknown");
    expectRefused(() => room.join(BOB), "not invited");
  });

  test.each(since(7))("is for those outside in room version %s", (version) => {
    const room = roomWithRule(version, "knock");
    expectRefused(() => room.member(BOB, STRANGER, "knock"), "for themselves");
    expectRefused(() => room.member(BOB, BOB, "knock"), "already in the room");
    room.member(STRANGER, STRANGER, "knock");
    room.member(STRANGER, STRANGER, "knock");
    expectRefused(() => room.join(STRANGER), "not invited");
    room.member(STRANGER, STRANGER, "leave");
    room.member(STRANGER, STRANGER, "knock");
    room.member(BOB, STRANGER, "invite");
    expectRefused(() => room.member(STRANGER, STRANGER, "knock"), "invited");
    room.join(STRANGER);
    room.member(MOD, CAROL, "ban");
    expectRefused(() => room.member(CAROL, CAROL, "knock"), "banned");
  });

  test.each(since(7))("is refused where the room does not offer it in version %s", (version) => {
    for (const rule of ["public", "invite", "restricted"]) {
      const room = roomWithRule(version, rule);
      expectRefused(() => room.member(STRANGER, STRANGER, "knock"), "does not let users knock");
    }
  });

  test.each(since(10))("is offered by knock_restricted in room version %s", (version) => {
    const room = roomWithRule(version, "knock_restricted");
    expect(() => room.member(STRANGER, STRANGER, "knock")).not.toThrow();
  });

  test.each(["7", "8", "9"])("is not offered by knock_restricted in version %s", (version) => {
    const room = roomWithRule(version, "knock_restricted");
    expectRefused(() => room.member(STRANGER, STRANGER, "knock"), "does not let users knock");
  });
});

describe("restricted joins", () => {
  const via = (user: string, ...cosigners: string[]) => ({
    content: { [AUTHORISED_BY]: user },
    cosigners,
  });

  test.each([
    ...since(8).map((version) => [version, "restricted"] as const),
    ...since(10).map((version) => [version, "knock_restricted"] as const),
  ])("need a member with the power to invite in room version %s with %s", (version, rule) => {
    const room = roomWithRule(version, rule);
    room.powerLevels(ALICE, levels(version, { invite: 50 }));
    expectRefused(() => room.join(STRANGER), "No member");
    expectRefused(() => room.join(STRANGER, via(BOB, "b.test")), "No member");
    expectRefused(() => room.join(STRANGER, via("@x:b.test", "b.test")), "No member");
    room.join(STRANGER, via(MOD, "b.test"));
  });

  test.each(since(8))("need that member's server to sign in room version %s", (version) => {
    const room = roomWithRule(version, "restricted");
    expectRefused(() => room.join(STRANGER, via(MOD)), "did not sign");
    expectRefused(() => room.join(STRANGER, via(MOD, "c.test")), "did not sign");
  });

  test.each(since(8))("are open to the invited and to members in version %s", (version) => {
    const room = roomWithRule(version, "restricted");
    room.join(BOB);
    room.member(BOB, STRANGER, "invite");
    room.join(STRANGER);
  });

  test.each(since(8))("are closed to the banned in room version %s", (version) => {
    const room = roomWithRule(version, "restricted");
    room.member(MOD, CAROL, "ban");
    expectRefused(() => room.join(CAROL, via(MOD, "b.test")), "banned");
  });

  test.each(until(7))("do not exist in room version %s", (version) => {
    const room = roomWithRule(version, "restricted");
    const content = { [AUTHORISED_BY]: MOD };
    const auth = room.build({
      sender: STRANGER,
      type: "m.room.member",
      stateKey: STRANGER,
      content,
    });
    expect(auth.auth_events.length).toBe(2);
    expectRefused(() => room.join(STRANGER, via(MOD, "b.test")), "not invited");
  });

  test.each(["8", "9"])("do not exist as knock_restricted in version %s", (version) => {
    const room = roomWithRule(version, "knock_restricted");
    expectRefused(() => room.join(STRANGER, via(MOD, "b.test")), "not invited");
  });
});
