import { describe, expect, test } from "vitest";
import { authEventIds } from "../../../core/event/pdu.ts";
import type { Pdu } from "../../../core/event/pdu.ts";
import { stateKeyOf } from "../../../core/event/state-key.ts";
import type { EventId } from "../../../core/ids.ts";
import type { JsonObject } from "../../../core/json.ts";
import { ROOM_VERSIONS } from "../../../core/room-version/table.ts";
import type { RoomBuilder } from "../../support/room-builder.ts";
import { forResolutions, SEED } from "./resolutions.ts";
import type { Resolution } from "./resolutions.ts";
import { ALICE, BOB, CAROL, DAVE } from "./support.ts";

/**
 * What is true of "resolving never grants power that no side had", each with the reason why.
 * What is not true, with the smallest room that shows it, is in `not-promised.test.ts`.
 */

const ALL = [...ROOM_VERSIONS.keys()];
const SINCE_2 = ALL.slice(1);
const USERS = [ALICE, BOB, CAROL, DAVE, "@nobody:x.test"];
const POWER_LEVELS = stateKeyOf("m.room.power_levels", "");
const memberKey = (user: string): string => stateKeyOf("m.room.member", user);

describe.each(ALL)(`resolving random sides of a room of version %s (SEED=${SEED})`, (version) => {
  /** The last step of v2 puts it back whatever was replayed; v1 never touches it. */
  test("leaves what all sides agree on", () => {
    forResolutions(version, ({ agreed, resolved }) => {
      for (const [key, id] of agreed) expect(resolved.get(key)).toBe(id);
    });
  });

  /**
   * A resolution only ever picks from events that the sides hold or that these rest on, and all of
   * them were accepted, since an event that cites a rejected one is rejected. So what the room grants
   * is what an accepted event granted before.
   */
  test("invents nothing: every event of the result is of some side's accepted past", () => {
    forResolutions(version, ({ past, resolved, room }) => {
      const everHeld = new Set(past.flatMap((state) => [...state.values()]));
      for (const id of resolved.values()) {
        expect(everHeld.has(id)).toBe(true);
        expect(room.isRejected(id)).toBe(false);
      }
    });
  });

  /**
   * The levels of all users and of all actions stand in one event, so they are chosen together: no
   * user gets the level of one side for what takes the level of another. Where no power levels event
   * survives, the levels are those of the room when it was created, which is every side's past.
   */
  test("brings levels, as a whole, that were in force on some side at some time", () => {
    forResolutions(version, (resolution) => {
      const { past, resolved } = resolution;
      const table = resolved.get(POWER_LEVELS);
      expect(past.some((state) => state.get(POWER_LEVELS) === table)).toBe(true);
      const power = resolution.power();
      const before = past.map((state) => resolution.power(state));
      for (const user of USERS) {
        const most = Math.max(...before.map((levels) => levels.user(user)));
        expect(power.user(user)).toBeLessThanOrEqual(most);
      }
    });
  });

  /**
   * Each raise passed the rules where it was made, against the table that it cites. The table in the
   * result is at the end of a chain of such tables, of which each cites the one before.
   */
  test("traces each raise in the levels to somebody who had that much", () => {
    forResolutions(version, ({ resolved, room }) => {
      let id = resolved.get(POWER_LEVELS);
      while (id !== undefined) {
        const event = room.get(id);
        const before = levelsCitedBy(room, event);
        if (before !== undefined) checkRaises(room, room.get(before), event);
        id = before;
      }
    });
  });
});

describe(`room version 1 (SEED=${SEED})`, () => {
  /**
   * It settles each key by one of the events that the sides hold for it now. So nobody has more power
   * than on the side that had most, and who was banned on all sides is banned.
   */
  test("picks for each key what some side holds now", () => {
    forResolutions("1", (resolution) => {
      const { states, resolved } = resolution;
      const keys = new Set(states.flatMap((state) => [...state.keys()]));
      expect([...resolved.keys()].sort()).toEqual([...keys].sort());
      for (const [key, id] of resolved) {
        expect(states.some((state) => state.get(key) === id)).toBe(true);
      }
      const sides = states.filter((state) => state.has(POWER_LEVELS));
      if (sides.length === 0) return;
      for (const user of USERS) {
        const most = Math.max(...sides.map((state) => resolution.power(state).user(user)));
        expect(resolution.power().user(user)).toBeLessThanOrEqual(most);
      }
    });
  });
});

describe.each(SINCE_2)(`since room version 2, in version %s (SEED=${SEED})`, (version) => {
  /**
   * Replayed are the conflicted events, the difference of the auth chains, and in v2.1 what lies
   * between conflicted events. So what no side holds any more comes back only if the sides disagree
   * about whether it ever was, or if one side holds something older and another something newer.
   */
  test("what no side holds comes back only out of the difference between the sides", () => {
    forResolutions(version, ({ states, resolved, chains, between }) => {
      const held = new Set(states.flatMap((state) => [...state.values()]));
      for (const id of resolved.values()) {
        if (held.has(id)) continue;
        const isDifference = chains.some((one) => one.has(id)) && !chains.every((c) => c.has(id));
        expect(isDifference || (version === "12" && between.has(id))).toBe(true);
      }
    });
  });

  /**
   * Power events are replayed before everything else, and only they set power levels. What is
   * replayed after them is checked against the levels that the result has. So a demotion in the result
   * wins against what was done meanwhile with the power that it took, however early that was.
   */
  test("what the result takes away from its sender's power is not in the result", () => {
    forResolutions(version, (resolution) => {
      const { agreed, resolved, replayedFirst } = resolution;
      if (agreed.has(POWER_LEVELS) || !resolved.has(POWER_LEVELS)) return;
      const power = resolution.power();
      for (const [event, id] of replayedLater(resolution)) {
        if (event.type === "m.room.member" || replayedFirst.has(id)) continue;
        const needed = power.event(event.type, true);
        expect(power.user(event.sender)).toBeGreaterThanOrEqual(needed);
      }
    });
  });

  /**
   * A ban is a power event, and while a user is banned no rule lets through what that user does, nor
   * a membership that would end the ban. So nothing of theirs that is replayed after it survives. (But
   * for `m.room.aliases` up to version 5, and an invitation by e-mail that somebody answers: neither
   * needs a sender in the room.)
   */
  test("nothing that a user did meanwhile survives a ban in the result", () => {
    forResolutions(version, (resolution) => {
      const { agreed, resolved, room, replayedFirst } = resolution;
      for (const user of USERS) {
        const ban = resolved.get(memberKey(user));
        if (ban === undefined || agreed.has(memberKey(user))) continue;
        if (room.get(ban).content["membership"] !== "ban") continue;
        for (const [event, id] of replayedLater(resolution)) {
          if (!replayedFirst.has(id)) expect(event.sender).not.toBe(user);
        }
      }
    });
  });
});

/** The events of the result that the sides did not agree on. */
function replayedLater({ agreed, resolved, room }: Resolution): [Pdu, EventId][] {
  return [...resolved].filter(([key]) => !agreed.has(key)).map(([, id]) => [room.get(id), id]);
}

function levelsCitedBy(room: RoomBuilder, event: Pdu): EventId | undefined {
  return authEventIds(event).find((id) => room.get(id).type === "m.room.power_levels");
}

/** Reads the levels anew: what is checked here are the rules that let the event pass. */
function levelIn(room: RoomBuilder, levels: Pdu, user: string): number {
  if (room.version.auth.creatorPower && user === room.creator) return Infinity;
  const users = (levels.content["users"] ?? {}) as JsonObject;
  return Number(users[user] ?? levels.content["users_default"] ?? 0);
}

function checkRaises(room: RoomBuilder, before: Pdu, after: Pdu): void {
  const own = levelIn(room, before, after.sender);
  for (const user of USERS) {
    const [was, is] = [levelIn(room, before, user), levelIn(room, after, user)];
    if (is > was) expect(own).toBeGreaterThanOrEqual(is);
    if (is < was && user !== after.sender) expect(own).toBeGreaterThan(was);
  }
}
