import type { Json, JsonObject } from "../json.ts";
import type { WakeTopic } from "../ports.ts";
import { countOneTimeKeys, unusedFallbackKeyTypes } from "../key/one-time-keys.ts";
import { deviceTopic } from "../tables.ts";
import { accountDataEvents, readUserNews } from "./account-data-section.ts";
import { deviceListsSection, MemberNews } from "./device-lists-section.ts";
import { TypingNews } from "./ephemeral-section.ts";
import { inTurn } from "./in-turn.ts";
import { joinedRoom, unaskedRoom } from "./joined-room.ts";
import type { RoomContext, RoomPart } from "./joined-room.ts";
import { leftRoom } from "./left-room.ts";
import type { OwnRoom } from "./own-rooms.ts";
import type { Pass } from "./pass.ts";
import { presenceContacts, presenceEvents } from "./presence-section.ts";
import { strippedRoom } from "./stripped-room.ts";
import { toDeviceSection } from "./to-device-section.ts";
import type { ToDeviceSection } from "./to-device-section.ts";
import { encodeSyncToken } from "./token.ts";

export interface SyncResponse {
  readonly json: JsonObject;
  /** Does it answer a request that waits? */
  readonly isNews: boolean;
}

type RoomSection = "join" | "leave" | "invite" | "knock";

/** What one snapshot has for one client. */
export async function respond(pass: Pass): Promise<SyncResponse> {
  const user = await readUserNews(pass);
  const context = { user, typing: new TypingNews(pass), members: new MemberNews() };
  const rooms = await roomsSection(pass, context);
  const accountData = await accountDataEvents(pass, user);
  const presence = presenceEvents(pass);
  const toDevice = await toDeviceSection(pass);
  const deviceLists = await deviceListsSection(pass, context.members, user.signedUsers);
  const { requester, since } = pass.request;
  const keysChanged = pass.news.touches(deviceTopic(requester.user, requester.device));
  const isNews =
    pass.isInitial ||
    pass.request.fullState ||
    rooms.isNews ||
    accountData.length > 0 ||
    (presence.length > 0 && since?.ephemeral?.origin === pass.origin) ||
    toDevice.events.length > 0 ||
    deviceLists !== undefined ||
    keysChanged;
  const json: Record<string, Json> = {
    next_batch: nextBatch(pass, toDevice),
    ...(rooms.json ? { rooms: rooms.json } : {}),
    ...(accountData.length > 0 ? { account_data: { events: accountData } } : {}),
    ...(presence.length > 0 ? { presence: { events: presence } } : {}),
    ...(toDevice.events.length > 0 ? { to_device: { events: toDevice.events } } : {}),
    ...(deviceLists ? { device_lists: deviceLists } : {}),
    ...keyCounts(pass),
  };
  return { json, isNews };
}

async function roomsSection(
  pass: Pass,
  context: RoomContext,
): Promise<{ readonly json: JsonObject | undefined; readonly isNews: boolean }> {
  const found: Record<RoomSection, Record<string, JsonObject>> = {
    join: {},
    leave: {},
    invite: {},
    knock: {},
  };
  let isNews = false;
  await inTurn(pass.allRooms, async (own) => {
    if (!pass.request.filter.allowsRoom(own.room)) return unaskedRoom(pass, own, context);
    const [section, part] = await roomPart(pass, own, context);
    if (!part) return;
    found[section][own.room] = part.json;
    isNews ||= part.isNews;
  });
  const sections = Object.entries(found).filter(([, parts]) => Object.keys(parts).length > 0);
  return { json: sections.length > 0 ? Object.fromEntries(sections) : undefined, isNews };
}

async function roomPart(
  pass: Pass,
  own: OwnRoom,
  context: RoomContext,
): Promise<[RoomSection, RoomPart | undefined]> {
  switch (own.membership) {
    case "join":
      return ["join", await joinedRoom(pass, own, context)];
    case "invite":
    case "knock":
      return [
        own.membership,
        mayHaveChanged(pass, own, context) ? strippedRoom(pass, own, context) : undefined,
      ];
    default:
      return [
        "leave",
        mayHaveChanged(pass, own, context) ? await leftRoom(pass, own, context) : undefined,
      ];
  }
}

/**
 * A quick look before the member event of a room that the user is not in is read. The membership is
 * logged where it changes; where a fork is open, resolution may change it with another's event.
 */
function mayHaveChanged(pass: Pass, { room }: OwnRoom, { user }: RoomContext): boolean {
  if (pass.isInitial || pass.request.fullState || user.everything) return true;
  return user.memberships.has(room) || pass.owesState(room) || pass.news.touches(`room:${room}`);
}

function nextBatch(pass: Pass, toDevice: ToDeviceSection): string {
  const { stateFloor } = pass;
  return encodeSyncToken({
    vector: pass.reached,
    ...(toDevice.reached ? { toDevice: toDevice.reached } : {}),
    ...(stateFloor ? { stateFloor } : {}),
    ...(pass.origin ? { ephemeral: { origin: pass.origin, serial: pass.ephemeralSerial } } : {}),
  });
}

/** https://spec.matrix.org/v1.19/client-server-api/#e2e-extensions-to-sync */
function keyCounts({ snapshot, request: { requester } }: Pass): JsonObject {
  const { user, device } = requester;
  return {
    device_one_time_keys_count: countOneTimeKeys(snapshot, user, device),
    device_unused_fallback_key_types: unusedFallbackKeyTypes(snapshot, user, device),
  };
}

/** What may bring the client news. */
export async function topicsOf(pass: Pass): Promise<WakeTopic[]> {
  const { user, device } = pass.request.requester;
  const topics: WakeTopic[] = [`user:${user}`, deviceTopic(user, device), "device-lists"];
  for (const { room, membership } of pass.rooms) {
    if (membership === "join") topics.push(`room:${room}`, `receipts:${room}`, `typing:${room}`);
  }
  for (const contact of await presenceContacts(pass)) topics.push(`presence:${contact}`);
  return topics;
}
