import type { RoomId, UserId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import { isObject } from "../json.ts";
import { signedUser, USER_SIGNATURES } from "../key/signature-store.ts";
import { readPushRules } from "../push/rules.ts";
import { fields, puts } from "../tables.ts";
import { roomDataContent, roomDataTypes } from "../user-data/room-account-data.ts";
import { PART_SEPARATOR, readSection, userDoc } from "../user-data/section.ts";
import { TOPIC_ROWS_MAX } from "./constants.ts";
import type { Pass } from "./pass.ts";

/** Which account data changed, which rooms' memberships, and whose keys the user signed. */
export interface UserNews {
  /** All of it, for a first sync or after too many changes. */
  readonly everything: boolean;
  readonly types: ReadonlySet<string>;
  readonly roomTypes: ReadonlyMap<RoomId, ReadonlySet<string>>;
  readonly memberships: ReadonlySet<RoomId>;
  readonly signedUsers: ReadonlySet<UserId>;
}

export async function readUserNews(pass: Pass): Promise<UserNews> {
  const types = new Set<string>();
  const roomTypes = new Map<RoomId, Set<string>>();
  const memberships = new Set<RoomId>();
  const signedUsers = new Set<UserId>();
  const news = { everything: false, types, roomTypes, memberships, signedUsers };
  const topic = `user:${pass.request.requester.user}` as const;
  const noteRoom = (room: RoomId, type: string): void => {
    const known = roomTypes.get(room);
    if (known) known.add(type);
    else roomTypes.set(room, new Set([type]));
  };
  if (!pass.isInitial && !pass.valueNews.touches(topic)) return news;
  const { items, complete } = pass.isInitial
    ? { items: [], complete: false }
    : await pass.valueNews.read(topic, TOPIC_ROWS_MAX);
  if (!complete) {
    await noteAllRoomTypes(pass, noteRoom);
    await noteAllSigned(pass, signedUsers);
    return { ...news, everything: true };
  }
  for (const { entry } of items) {
    if ("membership" in entry) memberships.add(entry.membership);
    else if ("fullyRead" in entry) noteRoom(entry.fullyRead, "m.fully_read");
    else if ("field" in entry) {
      const [section, key] = entry.field;
      if (section === USER_SIGNATURES) signedUsers.add(signedUser(key));
      else noteField(entry.field, types, noteRoom);
    }
  }
  return news;
}

async function noteAllRoomTypes(
  pass: Pass,
  noteRoom: (room: RoomId, type: string) => void,
): Promise<void> {
  const { user } = pass.request.requester;
  for (const section of ["room_account_data", "tags"]) {
    const found = await readSection(pass.snapshot, userDoc(user), section);
    for (const key of found.keys()) noteField([section, key], new Set(), noteRoom);
  }
  for (const { room } of pass.rooms) {
    if (pass.snapshot.get(puts, ["fully_read", user, room])) noteRoom(room, "m.fully_read");
  }
}

async function noteAllSigned(pass: Pass, signedUsers: Set<UserId>): Promise<void> {
  const doc = userDoc(pass.request.requester.user);
  const made = await readSection(pass.snapshot, doc, USER_SIGNATURES);
  for (const key of made.keys()) signedUsers.add(signedUser(key));
}

function noteField(
  [section, key]: readonly [section: string, key: string],
  types: Set<string>,
  noteRoom: (room: RoomId, type: string) => void,
): void {
  const at = key.indexOf(PART_SEPARATOR);
  if (section === "account_data") types.add(key);
  else if (section === "push_rules") types.add("m.push_rules");
  else if (section === "tags") noteRoom(key.slice(0, at) as RoomId, "m.tag");
  else if (section === "room_account_data") {
    noteRoom(key.slice(0, at) as RoomId, key.slice(at + 1));
  }
}

/** The `account_data` events of the account. A deleted one has an empty content. */
export async function accountDataEvents(pass: Pass, news: UserNews): Promise<JsonObject[]> {
  const { user } = pass.request.requester;
  const types = new Set(news.types);
  if (news.everything) {
    const section = await readSection(pass.snapshot, userDoc(user), "account_data");
    for (const type of section.keys()) types.add(type);
    types.add("m.push_rules");
  }
  const out: JsonObject[] = [];
  for (const type of types) {
    if (!pass.request.filter.accountData.allows({ type })) continue;
    const content =
      type === "m.push_rules"
        ? { global: await readPushRules(pass.snapshot, user) }
        : pass.snapshot.get(fields, [userDoc(user), "account_data", type]);
    out.push({ type, content: isObject(content) ? content : {} });
  }
  return out;
}

/** The `account_data` events of the account in one room. */
export async function roomAccountDataEvents(
  pass: Pass,
  news: UserNews,
  room: RoomId,
  isNewcomer: boolean,
): Promise<JsonObject[]> {
  const isNewHere = isNewcomer && !news.everything;
  const { snapshot } = pass;
  const { user } = pass.request.requester;
  const types = isNewHere
    ? await roomDataTypes(snapshot, user, room)
    : (news.roomTypes.get(room) ?? []);
  const { roomAccountData } = pass.request.filter;
  const out: JsonObject[] = [];
  for (const type of types) {
    if (!roomAccountData.allowsRoom(room) || !roomAccountData.allows({ type })) continue;
    out.push({ type, content: await roomDataContent(snapshot, user, room, type) });
  }
  return out;
}
