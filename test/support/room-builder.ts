import { hash } from "node:crypto";
import { authEventsFor, checkAuthEvents } from "../../core/auth/auth-events.ts";
import { authorise } from "../../core/auth/authorise.ts";
import type { AuthState } from "../../core/auth/auth-state.ts";
import { eventIdOf, referenceHash, roomIdOf, unpaddedBase64 } from "../../core/event/hash.ts";
import type { DraftPdu, EventCore, EventRef, Pdu } from "../../core/event/pdu.ts";
import { countersignEvent, type SigningKey, signEvent, signingKey } from "../../core/event/sign.ts";
import { stateKeyOf, type StateMap } from "../../core/event/state-key.ts";
import { domainOf } from "../../core/event/user-id.ts";
import type { EventId, RoomId, ServerName, UserId } from "../../core/ids.ts";
import type { JsonObject } from "../../core/json.ts";
import type { RoomVersion } from "../../core/room-version/room-version.ts";
import { DEFAULT_ROOM_VERSION, roomVersion } from "../../core/room-version/table.ts";
import { resolveState } from "../../core/state-res/resolve-state.ts";

const FIRST_TS = 1_700_000_000_000;

export interface RoomOptions {
  readonly version?: string;
  readonly creator?: string;
  /** Added to the content of the create event. */
  readonly createContent?: JsonObject;
}

export interface NewEvent {
  readonly sender: string;
  readonly type: string;
  readonly stateKey?: string;
  readonly content?: JsonObject;
  readonly redacts?: string;
  /** The events that it follows; the newest ones of the room if absent. */
  readonly prev?: readonly EventId[];
  /** The events that it cites; those that the rules select if absent. */
  readonly auth?: readonly EventId[];
  readonly ts?: number;
  /** Servers that sign it besides the sender's. */
  readonly cosigners?: readonly string[];
}

export interface SendOptions {
  /** Lets an event in that the rules refuse. It does not change the state. */
  readonly unchecked?: boolean;
}

const keys = new Map<string, SigningKey>();

/** Every server has one key, always the same. */
export function keyOf(server: string): SigningKey {
  let key = keys.get(server);
  if (key === undefined) {
    key = signingKey(server as ServerName, "ed25519:test", hash("sha256", server, "buffer"));
    keys.set(server, key);
  }
  return key;
}

/** Builds the event DAG of a room, hashed and signed as in life; refuses what the rules refuse. */
export class RoomBuilder {
  readonly version: RoomVersion;
  readonly creator: UserId;
  readonly roomId: RoomId;
  readonly createId: EventId;
  readonly events = new Map<EventId, Pdu>();
  readonly rejected = new Set<EventId>();
  readonly #stateAfter = new Map<EventId, StateMap>();
  readonly #tips = new Set<EventId>();

  constructor(options: RoomOptions = {}) {
    this.version = roomVersion(options.version ?? DEFAULT_ROOM_VERSION);
    this.creator = (options.creator ?? "@alice:a.test") as UserId;
    const create = this.#sign(this.#createDraft(options.createContent ?? {}), []);
    authorise(this.version, create, { get: () => undefined });
    this.roomId = roomIdOf(this.version, create);
    this.createId = this.#add(create, new Map(), []);
  }

  /** The newest events: those that nothing follows yet. */
  get tips(): EventId[] {
    return [...this.#tips];
  }

  get(id: EventId): Pdu {
    const event = this.events.get(id);
    if (event === undefined) throw new Error(`no event ${id} in this room`);
    return event;
  }

  /** Adds an event. Throws AuthError if the rules refuse it. */
  send(event: NewEvent, options: SendOptions = {}): EventId {
    const prev = event.prev ?? this.tips;
    const before = this.stateAt(prev);
    const pdu = this.build({ ...event, prev });
    if (options.unchecked) {
      this.rejected.add(eventIdOf(this.version, pdu));
      return this.#add(pdu, before, prev);
    }
    authorise(this.version, pdu, checkAuthEvents(this.version, pdu, this.lookUp));
    authorise(this.version, pdu, this.authState(before));
    return this.#add(pdu, before, prev);
  }

  /** The signed event that `send` would add, without adding or checking it. */
  build(event: NewEvent): Pdu {
    const prev = event.prev ?? this.tips;
    const before = this.stateAt(prev);
    const core = coreOf(event);
    const auth = event.auth ?? this.#select(core, before);
    const depth = 1 + Math.max(0, ...prev.map((id) => this.get(id).depth));
    const draft = {
      ...core,
      ...(event.redacts === undefined ? {} : { redacts: event.redacts }),
      ...this.#assignedId(event.sender),
      room_id: this.roomId,
      prev_events: prev.map((id) => this.#ref(id)),
      auth_events: auth.map((id) => this.#ref(id)),
      depth,
      origin_server_ts: event.ts ?? FIRST_TS + this.events.size,
    } as DraftPdu;
    return this.#sign(draft, event.cosigners ?? []);
  }

  /** The resolved state after all of these events. */
  stateAt(ids: readonly EventId[]): StateMap {
    const states = ids.map((id) => this.stateAfter(id));
    return resolveState(this.version, states, (id) => this.events.get(id), this.isRejected);
  }

  stateAfter(id: EventId): StateMap {
    const state = this.#stateAfter.get(id);
    if (state === undefined) throw new Error(`no event ${id} in this room`);
    return state;
  }

  /** The state of the room now. */
  get state(): StateMap {
    return this.stateAt(this.tips);
  }

  authState(state: StateMap = this.state): AuthState {
    return {
      get: (type, stateKey) => {
        const id = state.get(stateKeyOf(type, stateKey));
        return id === undefined ? undefined : this.get(id);
      },
    };
  }

  readonly isRejected = (id: EventId): boolean => this.rejected.has(id);

  readonly lookUp = (id: EventId): { event: Pdu; rejected: boolean } | undefined => {
    const event = this.events.get(id);
    return event && { event, rejected: this.isRejected(id) };
  };

  member(
    sender: string,
    target: string,
    membership: string,
    more: Partial<NewEvent> = {},
  ): EventId {
    const content = { ...more.content, membership };
    return this.send({ ...more, sender, type: "m.room.member", stateKey: target, content });
  }

  join(user: string, more: Partial<NewEvent> = {}): EventId {
    return this.member(user, user, "join", more);
  }

  joinRule(sender: string, rule: string, more: Partial<NewEvent> = {}): EventId {
    const content = { join_rule: rule };
    return this.send({ ...more, sender, type: "m.room.join_rules", stateKey: "", content });
  }

  powerLevels(sender: string, content: JsonObject, more: Partial<NewEvent> = {}): EventId {
    return this.send({ ...more, sender, type: "m.room.power_levels", stateKey: "", content });
  }

  topic(sender: string, topic: string, more: Partial<NewEvent> = {}): EventId {
    const content = { topic };
    return this.send({ ...more, sender, type: "m.room.topic", stateKey: "", content });
  }

  message(sender: string, body = "hello", more: Partial<NewEvent> = {}): EventId {
    return this.send({
      ...more,
      sender,
      type: "m.room.message",
      content: { msgtype: "m.text", body },
    });
  }

  #createDraft(content: JsonObject): DraftPdu {
    const { id, auth, roomIdIsCreateHash } = this.version;
    return {
      ...this.#assignedId(this.creator),
      type: "m.room.create",
      sender: this.creator,
      state_key: "",
      content: {
        room_version: id,
        ...(auth.creatorInContent ? { creator: this.creator } : {}),
        ...content,
      },
      ...(roomIdIsCreateHash ? {} : { room_id: `!room:${domainOf(this.creator)}` as RoomId }),
      prev_events: [],
      auth_events: [],
      depth: 1,
      origin_server_ts: FIRST_TS,
    };
  }

  #select(event: EventCore, state: StateMap): EventId[] {
    return authEventsFor(this.version, event)
      .map(([type, stateKey]) => state.get(stateKeyOf(type, stateKey)))
      .filter((id) => id !== undefined);
  }

  #sign(draft: DraftPdu, cosigners: readonly string[]): Pdu {
    const signed = signEvent(this.version, draft, keyOf(domainOf(draft.sender)));
    return cosigners.reduce(
      (pdu, server) => countersignEvent(this.version, pdu, keyOf(server)),
      signed,
    );
  }

  #add(event: Pdu, before: StateMap, prev: readonly EventId[]): EventId {
    const id = eventIdOf(this.version, event);
    const after = new Map(before);
    const counts = event.state_key !== undefined && !this.rejected.has(id);
    if (counts) after.set(stateKeyOf(event.type, event.state_key), id);
    this.events.set(id, event);
    this.#stateAfter.set(id, after);
    if (this.rejected.has(id)) return id;
    for (const followed of prev) this.#tips.delete(followed);
    this.#tips.add(id);
    return id;
  }

  #assignedId(sender: string): { event_id?: EventId } {
    if (this.version.eventId !== "assigned") return {};
    return { event_id: `$${this.events.size}:${domainOf(sender)}` as EventId };
  }

  #ref(id: EventId): EventRef {
    if (this.version.eventId !== "assigned") return id;
    return [id, { sha256: unpaddedBase64(referenceHash(this.version, this.get(id))) }];
  }
}

function coreOf(event: NewEvent): EventCore {
  return {
    type: event.type,
    sender: event.sender as UserId,
    content: event.content ?? {},
    ...(event.stateKey === undefined ? {} : { state_key: event.stateKey }),
  };
}
