import { isObject } from "../../json.ts";
import type { RoomId, UserId } from "../../ids.ts";
import type { Draft } from "../../transaction/draft.ts";
import { splitFieldKey } from "../../documents/field-key.ts";
import { PART_SEPARATOR, userDoc } from "../../user-data/section.ts";
import { stateContent } from "../queries/room-facts.ts";

/**
 * Copies the user's tags from the room that this one replaces, unless the user has tagged this one.
 * https://spec.matrix.org/v1.19/client-server-api/#room-upgrades ("the server should automatically
 * transfer some of the user's personalized settings")
 */
export function inheritRoomSettings(draft: Draft, room: RoomId, user: UserId): void {
  const predecessor = stateContent(draft, room, "m.room.create")["predecessor"];
  const old = isObject(predecessor) ? predecessor["room_id"] : undefined;
  if (typeof old !== "string") return;
  const doc = userDoc(user);
  const inherited: string[] = [];
  for (const [documentKey] of draft.docs.entries(doc)) {
    const [section, key] = splitFieldKey(documentKey) ?? [];
    if (section !== "tags" || key === undefined) continue;
    if (key.startsWith(room + PART_SEPARATOR)) return;
    if (key.startsWith(old + PART_SEPARATOR)) inherited.push(key.slice(old.length));
  }
  for (const suffix of inherited) {
    draft.setField(doc, "tags", room + suffix, draft.getField(doc, "tags", old + suffix));
  }
}
