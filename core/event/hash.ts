import { createHash, hash } from "node:crypto";
import type { EventId, RoomId } from "../ids.ts";
import type { Json, JsonObject } from "../json.ts";
import type { EventIdKind, RoomVersion } from "../room-version/room-version.ts";
import { canonicalJson } from "./canonical-json.ts";
import type { DraftPdu, Pdu } from "./pdu.ts";
import { redact } from "./redact.ts";

/** Standard base64 without padding. https://spec.matrix.org/v1.19/appendices/#unpadded-base64 */
export function unpaddedBase64(bytes: Uint8Array): string {
  return withoutPadding(
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64"),
  );
}

/** A copy without the named members. */
export function without(object: JsonObject, ...members: readonly string[]): JsonObject {
  const rest: Record<string, Json | undefined> = {};
  for (const key of Object.keys(object)) {
    if (!members.includes(key)) rest[key] = object[key];
  }
  return rest;
}

/**
 * The hash of the whole event, unpadded base64.
 * https://spec.matrix.org/v1.19/server-server-api/#calculating-the-content-hash-for-an-event
 */
export function contentHash(version: RoomVersion, event: DraftPdu): string {
  const covered = without(event, "unsigned", "signatures", "hashes");
  return withoutPadding(sha256(canonicalJson(covered, version.strictCanonicalJson), "base64"));
}

/** Whether the event arrived with all of its content. If not, only its redacted form counts. */
export function hasValidContentHash(version: RoomVersion, event: Pdu): boolean {
  const claimed = Buffer.from(event.hashes.sha256, "base64");
  return claimed.equals(Buffer.from(contentHash(version, event), "base64"));
}

/** The bytes, as text, that signatures and the reference hash cover. */
export function signedText(version: RoomVersion, event: DraftPdu): string {
  const covered = without(redact(version, event), "signatures", "unsigned");
  return canonicalJson(covered, version.strictCanonicalJson);
}

/**
 * The hash of what redaction leaves of the event.
 * https://spec.matrix.org/v1.19/server-server-api/#calculating-the-reference-hash-for-an-event
 */
export function referenceHash(version: RoomVersion, event: Pdu): Buffer {
  return createHash("sha256").update(signedText(version, event)).digest();
}

const remembered = new WeakMap<Pdu, EventId>();

/** The ID of an event, worked out once for each object. */
export function eventIdOf(version: RoomVersion, event: Pdu): EventId {
  const known = remembered.get(event);
  if (known !== undefined) return known;
  const id =
    version.eventId === "assigned"
      ? assignedId(event)
      : idOfSignedText(version.eventId, signedText(version, event));
  remembered.set(event, id);
  return id;
}

/** Spares hashing an event again whose ID is known because it was stored or asked for under it. */
export function rememberEventId(event: Pdu, id: EventId): void {
  remembered.set(event, id);
}

/** The event ID that belongs to the text which the event's signatures cover. */
export function idOfSignedText(kind: Exclude<EventIdKind, "assigned">, text: string): EventId {
  return `$${withoutPadding(sha256(text, kind))}` as EventId;
}

/** The room that an event belongs to, also if it is the create event that names the room. */
export function roomIdOf(version: RoomVersion, event: Pdu): RoomId {
  if (event.room_id !== undefined) return event.room_id;
  if (version.roomIdIsCreateHash && event.type === "m.room.create") {
    return `!${eventIdOf(version, event).slice(1)}` as RoomId;
  }
  throw new Error(`an event of type ${event.type} has no room_id`);
}

/** The create event of a room whose ID is that event's hash. */
export function createEventIdOf(roomId: RoomId): EventId {
  return `$${roomId.slice(1)}` as EventId;
}

function assignedId(event: Pdu): EventId {
  if (event.event_id !== undefined) return event.event_id;
  throw new Error("an event of this room version has no event_id");
}

function sha256(text: string, encoding: "base64" | "base64url"): string {
  return hash("sha256", text, encoding);
}

function withoutPadding(base64: string): string {
  return base64.endsWith("=") ? base64.replace(/=+$/, "") : base64;
}
