import { createEventIdOf } from "../event/hash.ts";
import { authEventIds, type DraftPdu, type EventCore, type Pdu } from "../event/pdu.ts";
import { stateKeyOf } from "../event/state-key.ts";
import type { EventId } from "../ids.ts";
import type { RoomVersion } from "../room-version/room-version.ts";
import { allowIf } from "./auth-error.ts";
import { type AuthState, authStateOf } from "./auth-state.ts";
import { signedPart } from "./third-party-invite.ts";

/** The memberships for which the join rules matter. */
const ENTERING: ReadonlySet<unknown> = new Set(["join", "invite", "knock"]);

/**
 * The parts of the state that an event must cite, as far as the room has them.
 * https://spec.matrix.org/v1.19/server-server-api/#auth-events-selection
 */
export function authEventsFor(
  version: RoomVersion,
  event: EventCore,
): [type: string, stateKey: string][] {
  if (event.type === "m.room.create") return [];
  const selected: [string, string][] = [];
  if (!version.roomIdIsCreateHash) selected.push(["m.room.create", ""]);
  selected.push(["m.room.power_levels", ""], ["m.room.member", event.sender]);
  if (event.type === "m.room.member") selectForMember(version, event, selected);
  return selected;
}

function selectForMember(
  version: RoomVersion,
  { sender, state_key: target, content }: EventCore,
  selected: [string, string][],
): void {
  const { membership } = content;
  if (target !== undefined && target !== sender) selected.push(["m.room.member", target]);
  if (ENTERING.has(membership)) selected.push(["m.room.join_rules", ""]);
  const token = membership === "invite" ? signedPart(content)?.["token"] : undefined;
  if (typeof token === "string") selected.push(["m.room.third_party_invite", token]);
  const authoriser = content["join_authorised_via_users_server"];
  const isAuthorised = version.auth.restricted && membership === "join";
  if (isAuthorised && typeof authoriser === "string" && authoriser !== sender) {
    if (authoriser !== target) selected.push(["m.room.member", authoriser]);
  }
}

/** An event that another one cites. */
export interface CitedEvent {
  readonly event: Pdu;
  readonly rejected: boolean;
}

/**
 * Checks the events that an event cites, and returns the state that they make: the event must pass
 * `authorise` against it as well as against the state before it.
 * Rules 2 and 3 of https://spec.matrix.org/v1.19/rooms/v12/#authorisation-rules
 *
 * @param lookUp must find every cited event; the caller fetches what is missing first
 * @throws AuthError
 */
export function checkAuthEvents(
  version: RoomVersion,
  event: DraftPdu,
  lookUp: (id: EventId) => CitedEvent | undefined,
): AuthState {
  const selected = new Set(
    authEventsFor(version, event).map(([type, key]) => stateKeyOf(type, key)),
  );
  const cited = authEventIds(event).map((id) => find(lookUp, id));
  for (const { event: auth, rejected } of cited) {
    const key = auth.state_key === undefined ? undefined : stateKeyOf(auth.type, auth.state_key);
    allowIf(
      key !== undefined && selected.delete(key),
      `The event cites ${auth.type} twice or without need`,
    );
    allowIf(!rejected, `The event cites a rejected ${auth.type}`);
    allowIf(auth.room_id === event.room_id, "The event cites an event of another room");
  }
  const events = cited.map(({ event: auth }) => auth);
  return authStateOf([...impliedCreate(version, event, lookUp), ...events]);
}

/** The create event that the room ID stands for, where it does. */
function impliedCreate(
  version: RoomVersion,
  event: DraftPdu,
  lookUp: (id: EventId) => CitedEvent | undefined,
): readonly Pdu[] {
  if (!version.roomIdIsCreateHash || event.room_id === undefined) return [];
  const create = find(lookUp, createEventIdOf(event.room_id));
  const isCreate = create.event.type === "m.room.create" && create.event.state_key === "";
  allowIf(isCreate && !create.rejected, "The room ID is not that of an accepted create event");
  return [create.event];
}

function find(lookUp: (id: EventId) => CitedEvent | undefined, id: EventId): CitedEvent {
  const cited = lookUp(id);
  if (cited === undefined) throw new Error(`auth event ${id} is missing`);
  return cited;
}
