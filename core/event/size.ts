import { ID_BYTES_MAX } from "../ids.ts";
import { badJson, tooLarge } from "../errors.ts";
import type { DraftPdu } from "./pdu.ts";

/**
 * Largest event as canonical JSON with its signatures, in bytes.
 * https://spec.matrix.org/v1.19/client-server-api/#size-limits
 */
export const EVENT_BYTES_MAX = 65_536;
/** Most events that one may follow. https://spec.matrix.org/v1.19/rooms/v12/#event-format-1 */
export const PREV_EVENTS_MAX = 20;
export const AUTH_EVENTS_MAX = 10;

/** Most bytes that one UTF-16 unit takes in UTF-8. */
const BYTES_PER_UNIT_MAX = 3;

/** @throws MatrixError 413 M_TOO_LARGE for the event, 400 M_BAD_JSON for one of its identifiers */
export function checkEventSize(event: DraftPdu): void {
  checkLength("sender", event.sender);
  checkLength("type", event.type);
  checkLength("state_key", event.state_key);
  checkLength("room_id", event.room_id);
  checkLength("event_id", event.event_id);
  // Canonical JSON has the members in another order, and so the same length.
  const text = JSON.stringify(event);
  if (text.length * BYTES_PER_UNIT_MAX <= EVENT_BYTES_MAX) return;
  if (Buffer.byteLength(text) > EVENT_BYTES_MAX) throw tooLarge("The event is too large");
}

function checkLength(name: string, text: string | undefined): void {
  if (text === undefined || text.length * BYTES_PER_UNIT_MAX <= ID_BYTES_MAX) return;
  if (Buffer.byteLength(text) > ID_BYTES_MAX) {
    throw badJson(`${name} must be at most ${ID_BYTES_MAX} bytes`);
  }
}
