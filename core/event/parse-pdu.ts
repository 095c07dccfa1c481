import { badJson } from "../errors.ts";
import { parseEventId, parseRoomId, type RoomId } from "../ids.ts";
import { isObject, type Json, type JsonObject } from "../json.ts";
import type { RoomVersion } from "../room-version/room-version.ts";
import { canonicalJson } from "./canonical-json.ts";
import { without } from "./hash.ts";
import type { EventRef, Pdu } from "./pdu.ts";
import { AUTH_EVENTS_MAX, checkEventSize, PREV_EVENTS_MAX } from "./size.ts";
import { isUserIdInEvent } from "./user-id.ts";

/** `!` and the url-safe base64 of 32 bytes. */
const HASHED_ROOM_ID = /^![A-Za-z0-9_-]{43}$/;

/**
 * An event that another server sent, checked for its format and for nothing else: only what the
 * rules read must have the right type. https://spec.matrix.org/v1.19/rooms/v12/#event-format-1
 *
 * @throws MatrixError 400 M_BAD_JSON, 413 M_TOO_LARGE
 */
export function parsePdu(
  version: RoomVersion,
  value: unknown,
): { readonly pdu: Pdu; readonly unsigned: JsonObject } {
  if (!isObject(value)) throw badJson("An event must be an object");
  const pdu = without(value, "unsigned");
  checkTypes(pdu);
  checkRoomId(version, pdu);
  checkRefs(version, "prev_events", pdu["prev_events"], PREV_EVENTS_MAX);
  checkRefs(version, "auth_events", pdu["auth_events"], AUTH_EVENTS_MAX);
  if (version.eventId === "assigned" && parseEventId(pdu["event_id"]) === undefined) {
    throw badJson("event_id must be an event ID");
  }
  canonicalJson(pdu, version.strictCanonicalJson);
  checkEventSize(pdu as Pdu);
  const unsigned = value["unsigned"];
  return { pdu: pdu as Pdu, unsigned: isObject(unsigned) ? unsigned : {} };
}

function checkTypes(event: JsonObject): void {
  if (typeof event["type"] !== "string") throw badJson("type must be a string");
  if (!isUserIdInEvent(event["sender"])) throw badJson("sender must be a user ID");
  if (!isOptionalString(event["state_key"])) throw badJson("state_key must be a string");
  if (!isOptionalString(event["redacts"])) throw badJson("redacts must be a string");
  if (!isObject(event["content"])) throw badJson("content must be an object");
  if (!isCount(event["depth"])) throw badJson("depth must be an integer from 0");
  if (!isCount(event["origin_server_ts"])) throw badJson("origin_server_ts must be an integer");
  if (!isObject(event["hashes"]) || typeof event["hashes"]["sha256"] !== "string") {
    throw badJson("hashes must hold sha256");
  }
  if (!isObject(event["signatures"]) || !Object.values(event["signatures"]).every(isObject)) {
    throw badJson("signatures must be an object of objects");
  }
}

function checkRoomId(version: RoomVersion, event: JsonObject): void {
  const roomId: RoomId | undefined = parseRoomId(event["room_id"]);
  if (roomId === undefined && event["room_id"] !== undefined) throw badJson("Bad room_id");
  if (roomId === undefined) {
    if (version.roomIdIsCreateHash && event["type"] === "m.room.create") return;
    throw badJson("room_id is missing");
  }
  if (version.roomIdIsCreateHash && !HASHED_ROOM_ID.test(roomId)) {
    throw badJson("room_id must be the hash of the create event");
  }
}

function checkRefs(
  version: RoomVersion,
  name: string,
  refs: Json | undefined,
  countMax: number,
): asserts refs is readonly EventRef[] {
  if (!Array.isArray(refs)) throw badJson(`${name} must be an array`);
  if (refs.length > countMax) throw badJson(`${name} must have at most ${countMax} entries`);
  for (const ref of refs as readonly Json[]) {
    const id = version.eventId === "assigned" ? pairedId(ref) : ref;
    if (parseEventId(id) === undefined) throw badJson(`${name} must hold event IDs`);
  }
}

function pairedId(ref: Json): Json | undefined {
  return Array.isArray(ref) && isObject(ref[1]) ? (ref[0] as Json | undefined) : undefined;
}

function isOptionalString(value: Json | undefined): boolean {
  return value === undefined || typeof value === "string";
}

/** Room versions 1 to 5 allow integers beyond 53 bits, which JavaScript rounds. */
function isCount(value: Json | undefined): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 0;
}
