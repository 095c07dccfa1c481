import type { RoomId, UserId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import { users } from "../tables.ts";
import { TOPIC_ROWS_MAX } from "./constants.ts";
import { joinedMembers, sharesRoom } from "./members.ts";
import type { Pass } from "./pass.ts";

/** Users whose sharing of rooms with the syncing user may have changed, gathered from the rooms. */
export class MemberNews {
  readonly touched = new Set<UserId>();
  /** Rooms that are new to the user, or whose state was sent whole: all their members may be new. */
  readonly newRooms = new Set<RoomId>();
  /** Rooms that the user left: their members may be strangers now. */
  readonly leftRooms = new Set<RoomId>();
}

/**
 * `device_lists`: whose keys must be fetched again, and who need not be followed any more. Every room
 * counts, encrypted or not, so that a room which becomes encrypted later needs no special care.
 * A user whose master key the syncing user signed counts as well: the signature shows to the signer only,
 * so the signer's devices must fetch the key again.
 * NOTSPEC: the spec names encrypted rooms only; a superset makes clients fetch a few keys too many.
 * https://spec.matrix.org/v1.19/client-server-api/#end-to-end-encryption
 */
export async function deviceListsSection(
  pass: Pass,
  news: MemberNews,
  signedUsers: ReadonlySet<UserId>,
): Promise<JsonObject | undefined> {
  if (pass.isInitial) return undefined;
  const me = pass.request.requester.user;
  const changed = new Set<UserId>(signedUsers);
  const candidates = new Set(news.touched);
  for (const room of [...news.newRooms, ...news.leftRooms]) {
    for (const user of await joinedMembers(pass, room)) candidates.add(user);
  }
  const left = new Set<UserId>();
  for (const user of candidates) {
    if (user === me) continue;
    if (sharesRoom(pass, user)) changed.add(user);
    // What the client was told elsewhere may include a room that is not known here yet.
    else if (!pass.isAhead) left.add(user);
  }
  for (const user of await changedKeys(pass)) {
    if (user === me || pass.isAhead || sharesRoom(pass, user)) changed.add(user);
  }
  if (changed.size === 0 && left.size === 0) return undefined;
  return { changed: [...changed].toSorted(), left: [...left].toSorted() };
}

async function changedKeys(pass: Pass): Promise<Set<UserId>> {
  const found = new Set<UserId>();
  if (!pass.valueNews.touches("device-lists")) return found;
  const { items, complete } = await pass.valueNews.read("device-lists", TOPIC_ROWS_MAX);
  if (!complete) {
    const all = await pass.snapshot.range(users, { prefix: [], limit: TOPIC_ROWS_MAX * 10 });
    for (const [[user]] of all) found.add(user);
  }
  for (const { entry } of items) if ("user" in entry) found.add(entry.user);
  return found;
}
