import type { RoomId, UserId } from "../ids.ts";
import { serverOf } from "../ids.ts";
import type { View } from "../ports.ts";
import { events, memberships, rooms, roomState } from "../tables.ts";
import { sameList } from "../room-document/names.ts";
import { MEMBERS_MAX, REMEMBERED_MEMBERS_MAX } from "./constants.ts";
import type { StateMark } from "./memory.ts";
import type { Pass } from "./pass.ts";

/** A user's current membership of a room, undefined when there is none. */
export function membershipOf(pass: Pass, room: RoomId, user: UserId): string | undefined {
  const view: View = pass.snapshot;
  if (serverOf(user) === pass.deps.serverName) {
    return view.get(memberships, [user, room])?.membership;
  }
  const id = view.get(roomState, [room, "m.room.member", user]);
  const membership = id && view.get(events, [id])?.pdu.content["membership"];
  return typeof membership === "string" ? membership : undefined;
}

/** The joined members of a room; kept as long as its state does not change. */
export async function joinedMembers(pass: Pass, room: RoomId): Promise<readonly UserId[]> {
  const meta = pass.snapshot.get(rooms, [room]);
  if (!meta) return [];
  const known = pass.memory.members.get(room);
  if (known && isSameState(known.at, meta)) return known.users;
  const rows = await pass.snapshot.range(roomState, {
    prefix: [room, "m.room.member"],
    limit: MEMBERS_MAX,
  });
  const users = rows
    .map(([[, , user]]) => user as UserId)
    .filter((user) => membershipOf(pass, room, user) === "join");
  if (users.length <= REMEMBERED_MEMBERS_MAX) {
    const at = { heads: meta.heads, patch: meta.patch };
    pass.memory.members.set(room, { at, users });
  }
  return users;
}

/** Where no fork is open, equal heads are equal state; a patch is compared by identity only. */
function isSameState(known: StateMark, meta: StateMark): boolean {
  return known.patch === meta.patch && sameList(known.heads, meta.heads);
}

/** Are the two in a room together now, be it one that the client did not ask for? */
export function sharesRoom(pass: Pass, user: UserId): boolean {
  return pass.allRooms.some(
    ({ room, membership }) => membership === "join" && membershipOf(pass, room, user) === "join",
  );
}
