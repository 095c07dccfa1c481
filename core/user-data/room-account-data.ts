import type { RoomId, UserId } from "../ids.ts";
import { isObject } from "../json.ts";
import type { JsonObject } from "../json.ts";
import type { Snapshot } from "../ports.ts";
import { fields, puts } from "../tables.ts";
import { PART_SEPARATOR, readSectionPart, userDoc } from "./section.ts";
import { readTags } from "./tags.ts";

/** The types of account data that a user has in one room, tags and the fully-read marker among them. */
export async function roomDataTypes(
  snapshot: Snapshot,
  user: UserId,
  room: RoomId,
): Promise<string[]> {
  const section = await readSectionPart(snapshot, userDoc(user), "room_account_data", room);
  const types = [...section.keys()];
  if (Object.keys(await readTags(snapshot, user, room)).length > 0) types.push("m.tag");
  if (snapshot.get(puts, ["fully_read", user, room])) types.push("m.fully_read");
  return types;
}

/** The content of one type, as clients are told of it. Empty where there is none, or none any more. */
export async function roomDataContent(
  snapshot: Snapshot,
  user: UserId,
  room: RoomId,
  type: string,
): Promise<JsonObject> {
  if (type === "m.tag") return { tags: await readTags(snapshot, user, room) };
  const content =
    type === "m.fully_read"
      ? snapshot.get(puts, ["fully_read", user, room])?.value
      : snapshot.get(fields, [userDoc(user), "room_account_data", room + PART_SEPARATOR + type]);
  return isObject(content) ? content : {};
}
