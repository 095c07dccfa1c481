import type { BoxId } from "../../core/ids.ts";
import { parseBoxId } from "../../core/ids.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import { isObject } from "../../core/json.ts";
import { BOXES_MAX } from "../../mesh/membership/membership.ts";
import { diskTroubleOf } from "../../mesh/store/disk-trouble.ts";
import { HomeError } from "./error.ts";
import { readJsonFile, writeJsonFile } from "./json-file.ts";

/** A box of the mesh as its homes remember it. */
export interface HomeMember {
  readonly box: BoxId;
  readonly name: string;
  readonly peerId: string;
  /** Multiaddrs, or host:port. */
  readonly addresses: readonly string[];
}

/** Members in a list: two boxes that let the last one in at the same moment may make it longer than a mesh should be. */
const LISTED_MAX = 2 * BOXES_MAX;
/** Addresses of one box: several networks and IP versions. */
const ADDRESSES_MAX = 32;
/** UTF-16 units of a name, peer ID or address. */
const TEXT_LENGTH_MAX = 256;

/**
 * The members known at the last save; empty for a box that was alone. Undefined when the file is missing,
 * damaged or not read: the mesh document has them too, so that is no reason not to start.
 */
export function loadMembers(file: string): HomeMember[] | undefined {
  try {
    return decodeMembers(readJsonFile(file)["members"]);
  } catch (error) {
    if (error instanceof HomeError || diskTroubleOf(error) !== undefined) return undefined;
    throw error;
  }
}

export function saveMembers(file: string, members: readonly HomeMember[]): void {
  writeJsonFile(file, { version: 1, members: encodeMembers(members) });
}

export function encodeMembers(members: readonly HomeMember[]): Json {
  return members.map(({ box, name, peerId, addresses }) => ({
    box,
    name,
    peer_id: peerId,
    addresses,
  }));
}

/** Undefined when it is no list of members or has too many. */
export function decodeMembers(value: Json | undefined): HomeMember[] | undefined {
  if (!Array.isArray(value) || value.length > LISTED_MAX) return undefined;
  const members = value.map((entry: Json) => (isObject(entry) ? decodeMember(entry) : undefined));
  return members.every((member) => member !== undefined) ? members : undefined;
}

function decodeMember(entry: JsonObject): HomeMember | undefined {
  const box = parseBoxId(entry["box"]);
  const { name, peer_id: peerId, addresses } = entry;
  if (box === undefined || !isShortText(name) || !isShortText(peerId)) return undefined;
  if (!Array.isArray(addresses) || addresses.length > ADDRESSES_MAX) return undefined;
  const texts = addresses.filter(isShortText);
  return texts.length === addresses.length ? { box, name, peerId, addresses: texts } : undefined;
}

function isShortText(value: Json | undefined): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= TEXT_LENGTH_MAX;
}
