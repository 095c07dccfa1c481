import { expect } from "vitest";
import type { JsonObject } from "../../../core/json.ts";
import { ROOM_VERSIONS } from "../../../core/room-version/table.ts";
import { RoomBuilder } from "../../support/room-builder.ts";

export const ALICE = "@alice:a.test";
/** Power 100, but not a creator. */
export const ADMIN = "@admin:a.test";
/** Power 50. */
export const MOD = "@mod:b.test";
export const BOB = "@bob:b.test";
export const CAROL = "@carol:c.test";
/** Was never in the room. */
export const STRANGER = "@stranger:d.test";

export const ALL = [...ROOM_VERSIONS.keys()];
/** The room versions from this one on. */
export const since = (first: number): string[] => ALL.slice(first - 1);
/** The room versions up to this one. */
export const until = (last: number): string[] => ALL.slice(0, last);

/** Power levels that are legal in every room version: newer ones forbid naming the creator. */
export function levels(version: string, content: JsonObject = {}): JsonObject {
  const creator = ROOM_VERSIONS.get(version)?.auth.creatorPower ? {} : { [ALICE]: 100 };
  return { ...content, users: { ...creator, [ADMIN]: 100, [MOD]: 50, ...usersOf(content) } };
}

/** A public room with Alice, who made it, Admin, Mod, Bob and Carol. */
export function publicRoom(version: string, content: JsonObject = {}): RoomBuilder {
  const room = new RoomBuilder({ version, creator: ALICE });
  room.join(ALICE);
  room.joinRule(ALICE, "public");
  room.powerLevels(ALICE, levels(version, content));
  for (const user of [ADMIN, MOD, BOB, CAROL]) room.join(user);
  return room;
}

/** Expects the rules to refuse with a reason that holds this text. */
export function expectRefused(send: () => unknown, reason: string): void {
  expect(send).toThrow(
    expect.objectContaining({ errcode: "M_FORBIDDEN", message: expect.stringContaining(reason) }),
  );
}

function usersOf(content: JsonObject): JsonObject {
  return (content["users"] ?? {}) as JsonObject;
}
