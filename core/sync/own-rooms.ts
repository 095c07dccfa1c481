import type { RoomId, UserId } from "../ids.ts";
import type { Snapshot } from "../ports.ts";
import { memberships, topicVector } from "../tables.ts";
import type { MembershipEntry } from "../tables.ts";
import { EMPTY_VECTOR } from "../vector.ts";
import { ROOMS_MAX } from "./constants.ts";
import type { SyncMemory } from "./memory.ts";

export interface OwnRoom extends MembershipEntry {
  readonly room: RoomId;
}

/**
 * The user's rooms. Every change of a membership is logged in the user's topic, so the list of an
 * earlier request holds as long as the topic's vector does.
 */
export async function ownRooms(
  snapshot: Snapshot,
  memory: SyncMemory,
  user: UserId,
): Promise<readonly OwnRoom[]> {
  const at = snapshot.get(topicVector, [`user:${user}`]) ?? EMPTY_VECTOR;
  const known = memory.ownRooms.get(user);
  // Decoded values are shared, so an unchanged vector is mostly the same object.
  if (known && (known.at === at || JSON.stringify(known.at) === JSON.stringify(at))) {
    return known.rooms;
  }
  const rows = await snapshot.range(memberships, { prefix: [user], limit: ROOMS_MAX });
  const rooms = rows.map(([[, room], entry]) => ({ room, ...entry }));
  memory.ownRooms.set(user, { at, rooms });
  return rooms;
}
