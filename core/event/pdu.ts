import type { EventId, RoomId, UserId } from "../ids.ts";
import type { JsonObject } from "../json.ts";

/** A reference to an earlier event. Room versions 1 and 2 add the hash of what they refer to. */
export type EventRef = EventId | readonly [EventId, { readonly sha256: string }];

/** server name → key ID (`ed25519:…`) → unpadded base64. */
export type Signatures = { readonly [server: string]: { readonly [keyId: string]: string } };

/** What every event says, and all that the selection of auth events looks at. */
export interface EventCore extends JsonObject {
  readonly type: string;
  readonly sender: UserId;
  /** Present on state events only. */
  readonly state_key?: string;
  readonly content: JsonObject;
}

/** An event with its place in the room, not yet hashed and signed. */
export interface DraftPdu extends EventCore {
  /** Absent on the create event of a room whose ID is that event's hash. */
  readonly room_id?: RoomId;
  /** Room versions 1 and 2 only; later ones derive it (`eventIdOf`). */
  readonly event_id?: EventId;
  readonly prev_events: readonly EventRef[];
  readonly auth_events: readonly EventRef[];
  readonly depth: number;
  /** Milliseconds since 1970, as the sender's server claims. */
  readonly origin_server_ts: number;
  /** Kept beside the PDU: it is covered by no hash and no signature. */
  readonly unsigned?: never;
}

/**
 * A persistent data unit as servers exchange and keep it. Unknown members stay, since hashes and
 * signatures cover them. Never mutated: its event ID is remembered by identity.
 * https://spec.matrix.org/v1.19/rooms/v12/#event-format-1
 */
export interface Pdu extends DraftPdu {
  readonly hashes: { readonly sha256: string };
  readonly signatures: Signatures;
}

/** The events that this one follows. */
export function prevEventIds(event: DraftPdu): readonly EventId[] {
  return referenced(event.prev_events);
}

/** The events that give the sender permission to send this one. */
export function authEventIds(event: DraftPdu): readonly EventId[] {
  return referenced(event.auth_events);
}

/** The shape of a list is that of its first entry: `parsePdu` checked that they are all alike. */
function referenced(refs: readonly EventRef[]): readonly EventId[] {
  return typeof refs[0] === "object" ? refs.map(idOf) : (refs as readonly EventId[]);
}

function idOf(ref: EventRef): EventId {
  return typeof ref === "string" ? ref : ref[0];
}
