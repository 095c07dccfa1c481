import type { RoomAlias, RoomId, UserId } from "../ids.ts";
import { isObject } from "../json.ts";
import type { Json } from "../json.ts";
import type { View } from "../ports.ts";
import { fields } from "../tables.ts";

/** The mesh document's section: alias → `{room_id, creator}`. */
export const ALIASES = "aliases";
/** The mesh document's section: room → `{visibility: "public"}`. */
export const DIRECTORY = "directory";

export interface AliasRecord {
  readonly room: RoomId;
  /** In whose name the alias is claimed from the other boxes. */
  readonly creator: UserId;
}

export function aliasRecord(view: View, alias: RoomAlias): AliasRecord | undefined {
  return parseAliasRecord(view.get(fields, ["mesh", ALIASES, alias]));
}

export function parseAliasRecord(value: Json | undefined): AliasRecord | undefined {
  if (!isObject(value)) return undefined;
  const { room_id: room, creator } = value;
  if (typeof room !== "string" || typeof creator !== "string") return undefined;
  return { room: room as RoomId, creator: creator as UserId };
}

export function aliasTarget(view: View, alias: RoomAlias): RoomId | undefined {
  return aliasRecord(view, alias)?.room;
}
