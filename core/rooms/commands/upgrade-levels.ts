import { creatorsOf } from "../../auth/creators.ts";
import type { DraftPdu } from "../../event/pdu.ts";
import type { UserId } from "../../ids.ts";
import { isObject } from "../../json.ts";
import type { Json, JsonObject } from "../../json.ts";
import type { RoomVersion } from "../../room-version/room-version.ts";
import { guardTombstone } from "./initial-content.ts";

const ADMIN_LEVEL = 100;
const MODERATOR_LEVEL = 50;
const TABLES = ["users", "events", "notifications"];

export interface LevelsTransfer {
  readonly from: RoomVersion;
  readonly to: RoomVersion;
  /** The old room's create event. */
  readonly create: DraftPdu | undefined;
  /** The old room's power levels. */
  readonly content: JsonObject;
  /** Who creates the new room. */
  readonly creators: readonly UserId[];
}

/**
 * The old room's power levels as the new room's version takes them: whole numbers, and creators named
 * only where they have no power by being creators.
 */
export function transferredPowerLevels(transfer: LevelsTransfer): JsonObject {
  const { from, to, create, creators } = transfer;
  const content = normalised(from, transfer.content);
  const users = { ...(isObject(content["users"]) ? content["users"] : {}) } as Record<string, Json>;
  if (from.auth.creatorPower && create) {
    const level = Math.max(ADMIN_LEVEL, highestLevel(content));
    for (const creator of creatorsOf(from, create)) users[creator] = level;
  }
  if (to.auth.creatorPower) for (const creator of creators) delete users[creator];
  return guardTombstone(to, { ...content, users });
}

/**
 * The levels under which the new room's state is set: its creator must be able to set all of it, and
 * to hand out the levels that follow.
 */
export function openingPowerLevels(
  version: RoomVersion,
  levels: JsonObject,
  creator: UserId,
): JsonObject {
  if (version.auth.creatorPower) return levels;
  const users = isObject(levels["users"]) ? levels["users"] : {};
  const needed = Math.max(ADMIN_LEVEL, highestLevel(levels));
  if (users[creator] === needed) return levels;
  return { ...levels, users: { ...users, [creator]: needed } };
}

/** Nobody but moderators talks in, or is called into, a room that was replaced. */
export function closedPowerLevels(version: RoomVersion, content: JsonObject): JsonObject {
  const usersDefault = version.readLevel(content["users_default"]) ?? 0;
  const level = Math.max(MODERATOR_LEVEL, usersDefault + 1);
  return { ...content, events_default: level, invite: level };
}

/** Old room versions allow levels that are text or fractions. */
function normalised(version: RoomVersion, content: JsonObject): JsonObject {
  const out: Record<string, Json> = {};
  for (const [name, value] of Object.entries(content)) {
    if (value === undefined) continue;
    if (!TABLES.includes(name)) {
      out[name] = wholeLevel(version, value) ?? value;
    } else if (isObject(value)) {
      const levels = Object.entries(value).map(([key, level]) => [
        key,
        wholeLevel(version, level) ?? 0,
      ]);
      out[name] = Object.fromEntries(levels) as JsonObject;
    }
  }
  return out;
}

function wholeLevel(version: RoomVersion, value: Json | undefined): number | undefined {
  const level = version.readLevel(value);
  return level === undefined ? undefined : Math.trunc(level);
}

/** The highest level that anything in the content has or needs. */
function highestLevel(content: JsonObject): number {
  let highest = 0;
  for (const value of Object.values(content)) {
    const levels = isObject(value) ? Object.values(value) : [value];
    for (const level of levels) if (typeof level === "number") highest = Math.max(highest, level);
  }
  return highest;
}
