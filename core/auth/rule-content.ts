import { redactContent } from "../event/redact.ts";
import type { Pdu } from "../event/pdu.ts";
import { isObject } from "../json.ts";
import type { Json, JsonObject } from "../json.ts";
import type { RoomVersion } from "../room-version/room-version.ts";

/** What the rules of any room version read of the content of state events, by type. */
const READ: ReadonlyMap<string, readonly string[]> = new Map([
  ["m.room.create", ["room_version", "creator", "additional_creators", "m.federate"]],
  ["m.room.member", ["membership", "join_authorised_via_users_server", "third_party_invite"]],
  ["m.room.join_rules", ["join_rule"]],
  [
    "m.room.power_levels",
    [
      "users",
      "users_default",
      "events",
      "events_default",
      "state_default",
      "notifications",
      "ban",
      "kick",
      "redact",
      "invite",
    ],
  ],
  ["m.room.third_party_invite", ["public_key", "public_keys"]],
]);

/**
 * The content as far as the rules read it, where redaction takes some of that away; undefined where it
 * does not. A redaction must not change what an event allows: boxes that resolve the room's state
 * before and after the redaction reaches them would come to different states.
 */
export function ruleContent(version: RoomVersion, event: Pdu): JsonObject | undefined {
  const members = event.state_key === undefined ? undefined : READ.get(event.type);
  if (!members) return undefined;
  const kept = redactContent(version, event.type, event.content);
  const read: Record<string, Json | undefined> = {};
  for (const member of members) {
    if (Object.hasOwn(event.content, member)) read[member] = valueRead(event.content, member);
  }
  const lost = Object.keys(read).filter((name) => !isSame(read[name], kept[name]));
  return lost.length === 0 ? undefined : { ...kept, ...read };
}

/** Of a third-party invite only the signed part counts; the rest names people. */
function valueRead(content: JsonObject, member: string): Json | undefined {
  const value = content[member];
  if (member !== "third_party_invite" || !isObject(value)) return value;
  return value["signed"] === undefined ? {} : { signed: value["signed"] };
}

function isSame(a: Json | undefined, b: Json | undefined): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
