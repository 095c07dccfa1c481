import type { RoomId, UserId } from "../ids.ts";
import type { Snapshot } from "../ports.ts";
import type { Services } from "../services.ts";
import { News } from "../sync/news.ts";
import { parseSyncToken } from "../sync/token.ts";
import { events, memberships, roomState, users } from "../tables.ts";
import { readSection, userDoc } from "../user-data/section.ts";
import { signedUser, USER_SIGNATURES } from "./signature-store.ts";

/** Log rows of one topic read for each box; beyond it, everyone counts as changed. */
const ROWS_MAX = 1000;
/** Rooms of a user, and members of a room, that are looked at. */
const ROOMS_MAX = 10_000;
const MEMBERS_MAX = 10_000;
/** Accounts told of when too much has changed to say what. */
const USERS_MAX = 10_000;

/**
 * Users whose device list changed since a sync, or whom the user has begun or ceased to share a room
 * with. `to` is a hint only: telling of changes up to now makes clients fetch a few keys too many.
 * https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3keyschanges
 * @throws MatrixError 400 M_INVALID_PARAM for tokens that are none
 */
export async function deviceListChanges(
  deps: Pick<Services, "reader">,
  me: UserId,
  range: { readonly from: string; readonly to: string },
): Promise<{ changed: UserId[]; left: UserId[] }> {
  const since = parseSyncToken(range.from).vector;
  parseSyncToken(range.to);
  using snapshot = deps.reader.snapshot();
  const news = new News(snapshot, since);
  const rows = await snapshot.range(memberships, { prefix: [me], limit: ROOMS_MAX });
  const joined = rows.flatMap(([[, room], { membership }]) =>
    membership === "join" ? [room] : [],
  );
  const shares = (user: UserId): boolean =>
    user === me ||
    joined.some((room) => snapshot.get(memberships, [user, room])?.membership === "join");
  const changed = new Set<UserId>();
  const left = new Set<UserId>();
  for (const user of await usersWithNewKeys(snapshot, news)) if (shares(user)) changed.add(user);
  for (const user of await usersWithNewSignatures(snapshot, news, me)) changed.add(user);
  for (const [[, room]] of rows) {
    if (!news.touches(`room:${room}`)) continue;
    for (const user of await usersWhoMoved(snapshot, news, me, room)) {
      (shares(user) ? changed : left).add(user);
    }
  }
  return { changed: [...changed].toSorted(), left: [...left].toSorted() };
}

async function usersWithNewKeys(snapshot: Snapshot, news: News): Promise<UserId[]> {
  const { items, complete } = await news.read("device-lists", ROWS_MAX);
  if (complete) return items.flatMap(({ entry }) => ("user" in entry ? [entry.user] : []));
  const all = await snapshot.range(users, { prefix: [], limit: USERS_MAX });
  return all.map(([[user]]) => user);
}

/** Users whose keys `me` has signed. */
async function usersWithNewSignatures(
  snapshot: Snapshot,
  news: News,
  me: UserId,
): Promise<UserId[]> {
  const { items, complete } = await news.read(`user:${me}`, ROWS_MAX);
  if (!complete) {
    const made = await readSection(snapshot, userDoc(me), USER_SIGNATURES);
    return [...made.keys()].map(signedUser);
  }
  return items.flatMap(({ entry }) =>
    "field" in entry && entry.field[0] === USER_SIGNATURES ? [signedUser(entry.field[1])] : [],
  );
}

/** Users whose membership of a room changed; all its members when the own one did, or too many. */
async function usersWhoMoved(
  snapshot: Snapshot,
  news: News,
  me: UserId,
  room: RoomId,
): Promise<Set<UserId>> {
  const { items, complete } = await news.read(`room:${room}`, ROWS_MAX);
  const moved = new Set<UserId>();
  for (const { entry } of items) {
    const pdu = "e" in entry && entry.state ? snapshot.get(events, [entry.e])?.pdu : undefined;
    if (pdu?.type === "m.room.member") moved.add(pdu.state_key as UserId);
  }
  if (complete && !moved.delete(me)) return moved;
  const members = await snapshot.range(roomState, {
    prefix: [room, "m.room.member"],
    limit: MEMBERS_MAX,
  });
  for (const [[, , user]] of members) if (user !== me) moved.add(user as UserId);
  return moved;
}
