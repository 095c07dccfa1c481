import { authEventsFor } from "../auth/auth-events.ts";
import { assert, notFound } from "../errors.ts";
import { createEventIdOf, referenceHash, unpaddedBase64 } from "../event/hash.ts";
import type { DraftPdu, EventRef, Pdu } from "../event/pdu.ts";
import { signEvent } from "../event/sign.ts";
import { checkEventSize, PREV_EVENTS_MAX } from "../event/size.ts";
import type { JsonObject } from "../json.ts";
import type { DeviceId, EventId, RoomId, UserId } from "../ids.ts";
import type { Env } from "../ports.ts";
import type { RoomVersion } from "../room-version/room-version.ts";
import { roomVersion } from "../room-version/table.ts";
import { rooms } from "../tables.ts";
import type { StoredEvent } from "../tables.ts";
import type { Draft } from "../transaction/draft.ts";
import { millisecondsOf } from "../transaction/records.ts";
import { stateBefore } from "./state-view.ts";
import type { StateView } from "../room-document/document-state.ts";

/**
 * A member of every event made here: the life of the box. Two boxes that cannot see each other may take the
 * same request in the same millisecond, and so may two lives of one whose disk and clock went back; the
 * content hash, and so the event ID, must differ all the same.
 */
const MADE_BY = "hearth.life";

/** What a client asks to be said in a room. */
export interface NewEvent {
  readonly room: RoomId;
  readonly sender: UserId;
  readonly type: string;
  readonly stateKey?: string;
  readonly content: JsonObject;
  /** The event that a redaction is for. */
  readonly redacts?: EventId;
}

export interface ClientTransaction {
  readonly device: DeviceId;
  readonly id: string;
}

/** Makes an event on top of the whole room and lets it in. Throws MatrixError 403, 404, 413. */
export function sendInRoom(
  draft: Draft,
  env: Env,
  event: NewEvent,
  txn?: ClientTransaction,
): StoredEvent {
  return draft.appendEvent(buildEvent(draft, env, event), txn);
}

/** A complete, signed event whose parents are the room's forward extremities. */
export function buildEvent(draft: Draft, env: Env, event: NewEvent): Pdu {
  const meta = draft.get(rooms, [event.room]);
  if (!meta) throw notFound("This room is not known here.");
  const version = roomVersion(meta.version);
  const parents = meta.extremities.slice(-PREV_EVENTS_MAX);
  const depths = parents.map((id) => draft.event(id)?.pdu.depth ?? 0);
  const unplaced: DraftPdu = {
    ...assignedId(version, env),
    room_id: event.room,
    type: event.type,
    sender: event.sender,
    ...(event.stateKey === undefined ? {} : { state_key: event.stateKey }),
    content: contentOf(version, event),
    ...(event.redacts && !version.updatedRedactionRedacts ? { redacts: event.redacts } : {}),
    prev_events: references(draft, version, parents),
    auth_events: [],
    depth: Math.min(Math.max(...depths) + 1, Number.MAX_SAFE_INTEGER),
    origin_server_ts: millisecondsOf(env.time),
    [MADE_BY]: env.life,
  };
  const state = stateBefore({ view: draft, docs: draft.docs }, event.room, parents);
  const authEvents = references(draft, version, authEventIdsFor(version, state, unplaced));
  return seal(version, { ...unplaced, auth_events: authEvents }, env);
}

/** The first event of a new room. Since room version 12 its hash is the room's ID. */
export function buildCreateEvent(
  env: Env,
  version: RoomVersion,
  create: { readonly creator: UserId; readonly content: JsonObject },
): Pdu {
  const opaque = Buffer.from(env.random.bytes(18)).toString("base64url");
  const event: DraftPdu = {
    ...assignedId(version, env),
    ...(version.roomIdIsCreateHash ? {} : { room_id: `!${opaque}:${env.serverName}` as RoomId }),
    type: "m.room.create",
    sender: create.creator,
    state_key: "",
    content: {
      ...create.content,
      room_version: version.id,
      ...(version.auth.creatorInContent ? { creator: create.creator } : {}),
    },
    prev_events: [],
    auth_events: [],
    depth: 1,
    origin_server_ts: millisecondsOf(env.time),
    [MADE_BY]: env.life,
  };
  return seal(version, event, env);
}

function contentOf(version: RoomVersion, event: NewEvent): JsonObject {
  if (!event.redacts || !version.updatedRedactionRedacts) return event.content;
  return { ...event.content, redacts: event.redacts };
}

function assignedId(version: RoomVersion, env: Env): { event_id?: EventId } {
  if (version.eventId !== "assigned") return {};
  const opaque = Buffer.from(env.random.bytes(18)).toString("base64url");
  return { event_id: `$${opaque}:${env.serverName}` as EventId };
}

function authEventIdsFor(version: RoomVersion, state: StateView, event: DraftPdu): EventId[] {
  const room = event.room_id;
  assert(room !== undefined, "an event that follows others names its room");
  const ids: EventId[] = [];
  for (const [type, stateKey] of authEventsFor(version, event)) {
    const id = state.get(type, stateKey);
    const implied = version.roomIdIsCreateHash && id === createEventIdOf(room);
    if (id !== undefined && !implied) ids.push(id);
  }
  return ids;
}

function references(draft: Draft, version: RoomVersion, ids: readonly EventId[]): EventRef[] {
  if (version.eventId !== "assigned") return [...ids];
  return ids.map((id) => {
    const event = draft.event(id);
    assert(event, "a referenced event is stored");
    return [id, { sha256: unpaddedBase64(referenceHash(version, event.pdu)) }] as const;
  });
}

function seal(version: RoomVersion, event: DraftPdu, env: Env): Pdu {
  const pdu = signEvent(version, event, env.signingKey);
  checkEventSize(pdu);
  return pdu;
}
