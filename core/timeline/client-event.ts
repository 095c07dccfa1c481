import type { Json, JsonObject } from "../json.ts";
import type { StoredEvent } from "../tables.ts";

/**
 * An event in the format for clients.
 * https://spec.matrix.org/v1.19/client-server-api/#room-event-format
 */
export function clientEvent(
  stored: StoredEvent,
  unsigned: JsonObject,
  options: { readonly withRoom: boolean },
): JsonObject {
  const { pdu } = stored;
  const redacts = redactedEvent(stored);
  return {
    event_id: stored.id,
    type: pdu.type,
    sender: pdu.sender,
    origin_server_ts: pdu.origin_server_ts,
    content: contentFor(stored, redacts),
    ...(pdu.state_key === undefined ? {} : { state_key: pdu.state_key }),
    ...(redacts === undefined ? {} : { redacts }),
    ...(options.withRoom ? { room_id: stored.room } : {}),
    unsigned,
  };
}

/** `type`, `state_key`, `sender` and `content`, for people who are not in the room. */
export function strippedEvent(stored: StoredEvent): JsonObject {
  const { pdu } = stored;
  return {
    type: pdu.type,
    sender: pdu.sender,
    state_key: pdu.state_key ?? "",
    content: pdu.content,
  };
}

/** The event as servers exchange it, for a filter with `event_format: federation`. */
export function federationEvent(stored: StoredEvent, unsigned: JsonObject): JsonObject {
  return { ...stored.pdu, event_id: stored.id, room_id: stored.room, unsigned };
}

/** Room versions differ in where a redaction names its target; clients of all ages find both. */
function redactedEvent({ pdu }: StoredEvent): Json | undefined {
  if (pdu.type !== "m.room.redaction") return undefined;
  const named = pdu["redacts"] ?? pdu.content["redacts"];
  return typeof named === "string" ? named : undefined;
}

function contentFor({ pdu }: StoredEvent, redacts: Json | undefined): JsonObject {
  if (redacts === undefined || pdu.content["redacts"] !== undefined) return pdu.content;
  return { ...pdu.content, redacts };
}
