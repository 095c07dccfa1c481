import type { UserId } from "../ids.ts";
import { joinedRooms } from "../rooms/queries/joined-rooms.ts";
import type { Services } from "../services.ts";
import { memberships } from "../tables.ts";

/** Are both users joined to some room? */
export async function sharesRoom(
  deps: Pick<Services, "reader">,
  a: UserId,
  b: UserId,
): Promise<boolean> {
  const rooms = await joinedRooms(deps, a);
  return rooms.some((room) => deps.reader.get(memberships, [b, room])?.membership === "join");
}
