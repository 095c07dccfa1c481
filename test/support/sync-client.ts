import { createRoom } from "../../core/rooms/commands/create-room.ts";
import { sendInRoom } from "../../core/rooms/build-event.ts";
import { scopedTransactionId } from "../../core/rooms/transaction-id.ts";
import type { SyncInput } from "../../core/sync/sync.ts";
import type { DeviceId, EventId, RoomId, UserId } from "../../core/ids.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Requester, Services } from "../../core/services.ts";
import type { Draft } from "../../core/transaction/draft.ts";
import type { Env } from "../../core/ports.ts";
import { readMessages } from "../../core/timeline/messages.ts";
import { NO_FILTER } from "../../core/timeline/event-filter.ts";
import { TEST_SERVER } from "./one-box.ts";
import { syncOnce } from "./sync-once.ts";

/** A client event, as far as tests look at it. */
export interface SeenEvent {
  readonly event_id: EventId;
  readonly type: string;
  readonly sender: string;
  readonly state_key?: string;
  readonly content: JsonObject;
  readonly unsigned: JsonObject;
}

interface Events {
  readonly events: readonly SeenEvent[];
}

interface JoinedPart {
  readonly timeline: Events & { readonly limited: boolean; readonly prev_batch?: string };
  readonly state: Events;
  readonly state_after?: Events;
  readonly ephemeral: Events;
  readonly account_data: Events;
  readonly summary?: JsonObject;
  readonly unread_notifications: { notification_count: number; highlight_count: number };
  readonly unread_thread_notifications?: Record<string, unknown>;
}

/** A response of `/sync`, with every section there. */
export interface Synced {
  readonly next: string;
  readonly join: Record<RoomId, JoinedPart>;
  readonly leave: Record<RoomId, Pick<JoinedPart, "timeline" | "state" | "state_after">>;
  readonly invite: Record<RoomId, { readonly invite_state: Events }>;
  readonly knock: Record<RoomId, { readonly knock_state: Events }>;
  readonly accountData: readonly SeenEvent[];
  readonly presence: readonly SeenEvent[];
  readonly toDevice: readonly SeenEvent[];
  readonly changed: readonly UserId[];
  readonly left: readonly UserId[];
  readonly raw: JsonObject;
}

/** One device that may call any box. It keeps the token of its last sync. */
export class SyncClient {
  readonly requester: Requester;
  readonly user: UserId;
  since: string | undefined;
  #txn = 0;

  constructor(name: string, device = "DEVICE") {
    this.user = `@${name}:${TEST_SERVER}` as UserId;
    this.requester = {
      user: this.user,
      device: device as DeviceId,
      tokenId: `${name}-${device}`,
      deviceCreated: 0,
    };
  }

  async sync(box: Services, options: Partial<SyncInput> = {}): Promise<Synced> {
    const raw = await syncOnce(box, this.requester, this.since, options);
    const synced = read(raw);
    this.since = synced.next;
    return synced;
  }

  createRoom(box: Services, body: JsonObject = {}): Promise<RoomId> {
    return createRoom(box, { user: this.user, body: { preset: "public_chat", ...body } });
  }

  send(box: Services, room: RoomId, body: string, content: JsonObject = {}): Promise<EventId> {
    const type = "m.room.message";
    const id = scopedTransactionId("send", room, type, `${this.requester.device}-${++this.#txn}`);
    const txn = { device: this.requester.device, id };
    return this.#run(box, (draft, env) => {
      const whole = { msgtype: "m.text", body, ...content };
      return sendInRoom(draft, env, { room, sender: this.user, type, content: whole }, txn).id;
    });
  }

  setState(
    box: Services,
    room: RoomId,
    type: string,
    stateKey: string,
    content: JsonObject,
  ): Promise<EventId> {
    return this.#run(box, (draft, env) => {
      return sendInRoom(draft, env, { room, sender: this.user, type, stateKey, content }).id;
    });
  }

  redact(box: Services, room: RoomId, redacts: EventId): Promise<EventId> {
    return this.#run(box, (draft, env) => {
      const event = { room, sender: this.user, type: "m.room.redaction", content: {}, redacts };
      return sendInRoom(draft, env, event).id;
    });
  }

  /** Sets somebody's membership, by default one's own. */
  member(box: Services, room: RoomId, membership: string, whom = this.user): Promise<EventId> {
    return this.setState(box, room, "m.room.member", whom, { membership });
  }

  async messages(
    box: Services,
    room: RoomId,
    options: {
      from?: string;
      to?: string;
      direction?: "backwards" | "forwards";
      limit?: number;
    } = {},
  ): Promise<{ events: SeenEvent[]; end: string | undefined }> {
    const json = await readMessages(box, {
      requester: this.requester,
      room,
      from: options.from,
      to: options.to,
      direction: options.direction ?? "backwards",
      limit: options.limit,
      filter: NO_FILTER,
    });
    return {
      events: json["chunk"] as unknown as SeenEvent[],
      end: json["end"] as string | undefined,
    };
  }

  #run<R>(box: Services, command: (draft: Draft, env: Env) => R): Promise<R> {
    return box.runner.run(
      (draft: Draft, _input: undefined, env: Env) => command(draft, env),
      undefined,
    );
  }
}

function read(raw: JsonObject): Synced {
  const rooms = (raw["rooms"] ?? {}) as Record<string, never>;
  const events = (name: string): readonly SeenEvent[] =>
    ((raw[name] as Events | undefined)?.events ?? []) as readonly SeenEvent[];
  const lists = (raw["device_lists"] ?? {}) as { changed?: UserId[]; left?: UserId[] };
  return {
    next: raw["next_batch"] as string,
    join: rooms["join"] ?? {},
    leave: rooms["leave"] ?? {},
    invite: rooms["invite"] ?? {},
    knock: rooms["knock"] ?? {},
    accountData: events("account_data"),
    presence: events("presence"),
    toDevice: events("to_device"),
    changed: lists.changed ?? [],
    left: lists.left ?? [],
    raw,
  };
}

/** The bodies of a timeline's messages. */
export function bodies(part: { readonly timeline: Events } | undefined): unknown[] {
  return (part?.timeline.events ?? [])
    .filter(({ type }) => type === "m.room.message")
    .map(({ content }) => content["body"]);
}
