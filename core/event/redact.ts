import { isObject, type Json, type JsonObject } from "../json.ts";
import type { KeptMember } from "../room-version/redaction-rules.ts";
import type { RoomVersion } from "../room-version/room-version.ts";
import type { EventCore } from "./pdu.ts";

/**
 * The event as redaction leaves it: what the rules and the hashes need.
 * https://spec.matrix.org/v1.19/client-server-api/#redactions
 */
export function redact<E extends EventCore>(version: RoomVersion, event: E): E {
  const kept: Record<string, Json | undefined> = {};
  for (const member of Object.keys(event)) {
    if (version.redaction.members.has(member)) kept[member] = event[member];
  }
  kept["content"] = redactContent(version, event.type, event.content);
  return kept as E;
}

export function redactContent(version: RoomVersion, type: string, content: JsonObject): JsonObject {
  const members = version.redaction.content.get(type);
  if (members === undefined) return {};
  return members === "all" ? content : pick(content, members);
}

function pick(content: JsonObject, members: readonly KeptMember[]): JsonObject {
  const kept: Record<string, Json | undefined> = {};
  for (const member of members) {
    if (typeof member === "string") {
      if (Object.hasOwn(content, member)) kept[member] = content[member];
      continue;
    }
    const [outer, inner] = member;
    const value = Object.hasOwn(content, outer) ? content[outer] : undefined;
    if (isObject(value)) kept[outer] = pick(value, [inner]);
  }
  return kept;
}
