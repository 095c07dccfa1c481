import type { DraftPdu } from "../event/pdu.ts";
import type { RoomVersion } from "../room-version/room-version.ts";

/** The user who opened the room. */
export function creatorOf(version: RoomVersion, create: DraftPdu): string | undefined {
  if (!version.auth.creatorInContent) return create.sender;
  const creator = create.content["creator"];
  return typeof creator === "string" ? creator : undefined;
}

/** All who have a creator's power: one, and in newer versions those that the create event adds. */
export function creatorsOf(version: RoomVersion, create: DraftPdu): readonly string[] {
  const creator = creatorOf(version, create);
  const additional = version.auth.creatorPower ? create.content["additional_creators"] : undefined;
  const others = Array.isArray(additional) ? additional : [];
  return [creator, ...others].filter((id) => typeof id === "string");
}

export function isCreator(version: RoomVersion, create: DraftPdu, userId: string): boolean {
  if (creatorOf(version, create) === userId) return true;
  if (!version.auth.creatorPower) return false;
  const additional = create.content["additional_creators"];
  return Array.isArray(additional) && additional.includes(userId);
}
