import type { Json, JsonObject } from "./json.ts";
import type { Pdu } from "./event/pdu.ts";
import type { StateKey } from "./event/state-key.ts";
import type { BoxId, DeviceId, EventId, RoomId, SessionId, UserId } from "./ids.ts";
import type { Key, Table } from "./table.ts";
import type {
  Collection,
  DocId,
  Heads,
  HybridTime,
  LaneName,
  StateHeads,
  ToDeviceMessage,
  WaitingEffect,
  TransactionRecord,
} from "./transaction/records.ts";
import type { Dot, Origin, Vector } from "./vector.ts";

/** Everything that is kept, derived from transactions. Names are never reused; a dropped table stays as a tombstone. */
const catalogue: Omit<Table<Key, unknown>, "types">[] = [];

/** Every table, in the order of this file. */
export const TABLES: readonly Omit<Table<Key, unknown>, "types">[] = catalogue;

function table<K extends Key, V>(
  name: string,
  about: string,
  scope: "mesh" | "box" = "mesh",
): Table<K, V> {
  const made = { name, about, scope };
  catalogue.push(made);
  return made;
}

/** An event as kept. `pdu` is redacted once a redaction applies to it. */
export interface StoredEvent extends StateHeads {
  readonly id: EventId;
  readonly room: RoomId;
  readonly pdu: Pdu;
  /** The room document's heads after the event. */
  readonly heads: Heads;
  readonly origin: Origin;
  readonly seq: number;
  readonly time: HybridTime;
  readonly txn?: { readonly device: DeviceId; readonly id: string };
  readonly redactedBy?: EventId;
  /** Failed its auth rules at its place: never shown, never built upon. */
  readonly rejected?: string;
  /** Allowed at its place but not shown: soft-failed, or the losing twin of a txnId. */
  readonly hidden?: "soft-failed" | "duplicate" | "outlier";
  /** A redaction by an administrator of the server, who needs no power in the room. */
  readonly byAdmin?: true;
  /** What the auth rules read of the content, where a redaction took some of that away. */
  readonly ruleContent?: JsonObject;
}
export const events = table<[EventId], StoredEvent>("e", "events");

export interface RoomMeta extends StateHeads {
  readonly version: string;
  readonly create: EventId;
  /** Events that nothing accepted points to yet, sorted. */
  readonly extremities: readonly EventId[];
  /** The greatest depth seen. */
  readonly depth: number;
  /** Heads of the room document at which it equals `roomState`, but for `patch`. */
  readonly heads: Heads;
  /** What resolving an open fork of the state changes against `heads`; absent when nothing. */
  readonly patch?: readonly (readonly [key: StateKey, event: EventId | null])[];
  readonly joined: number;
  readonly invited: number;
}
export const rooms = table<[RoomId], RoomMeta>("r", "rooms");

/** The current state: the resolution over the forward extremities. Key: room, type, state key. */
export const roomState = table<[RoomId, string, string], EventId>("rs", "current state of rooms");

/** Visible events in the order that every box computes alike: room, depth, origin_server_ts, event. */
export interface TimelineEntry {
  readonly origin: Origin;
  readonly seq: number;
}
export const timeline = table<[RoomId, number, number, EventId], TimelineEntry>(
  "tl",
  "order of events in rooms",
);

/** The same events by their origin_server_ts: room, origin_server_ts, depth, event. */
export const eventsByTime = table<[RoomId, number, number, EventId], TimelineEntry>(
  "tt",
  "events by their time",
);

/** A user's rooms, from the current state of each. */
export interface MembershipEntry {
  readonly membership: string;
  readonly event: EventId;
}
export const memberships = table<[UserId, RoomId], MembershipEntry>("um", "memberships");

/** Redactions that arrived before their target. Key: room, target. */
export interface PendingRedaction {
  readonly redaction: EventId;
  /** May its sender redact any event of the room? */
  readonly mayAll: boolean;
}
export const pendingRedactions = table<[RoomId, EventId], readonly PendingRedaction[]>(
  "pr",
  "redactions that wait for their event",
);

/** The event that a client's transaction made. Key: user, device, txnId (with the room and type). */
export const transactions = table<[UserId, DeviceId, string], EventId>(
  "tx",
  "transaction IDs of clients",
);

/**
 * Relations of visible events: room, parent, relation type, depth, origin_server_ts, child.
 * https://spec.matrix.org/v1.19/client-server-api/#forming-relationships-between-events
 */
export const relations = table<
  [RoomId, EventId, string, number, number, EventId],
  { readonly type: string; readonly sender: UserId }
>("rel", "relations between events");

/** The replies of all threads of a room. Key as in `timeline`: room, depth, origin_server_ts, reply. */
export interface ThreadReply extends TimelineEntry {
  readonly root: EventId;
}
export const threadReplies = table<[RoomId, number, number, EventId], ThreadReply>(
  "th",
  "replies in threads",
);

/** Winning values of the user and mesh documents: document, section, key. */
export const fields = table<[DocId, string, string], Json>(
  "f",
  "accounts, devices, settings and the list of boxes",
);

/** Winning values of `put` records. Key: collection and its key parts. */
export interface PutEntry {
  readonly value?: Json;
  readonly time: HybridTime;
  readonly origin: Origin;
}
export const puts = table<[Collection, ...string[]], PutEntry>(
  "p",
  "receipts, read markers, logouts, media and key backups",
);

/** Delayed events that were not forgotten yet, those that are over included. Key: user, delay ID. */
export const delayedEvents = table<[UserId, string], true>("de", "lists of delayed events");

/**
 * To-device messages that wait. A box that had the acknowledgement first never keeps the message.
 * Key: user, device, box, incarnation, seq, index in the transaction.
 */
export interface WaitingMessage extends ToDeviceMessage {
  readonly time: HybridTime;
  /** Further transactions that brought the same message: a client that has one of them has it. */
  readonly also?: readonly Dot[];
}
export const toDevice = table<[UserId, DeviceId, BoxId, number, number, number], WaitingMessage>(
  "td",
  "messages that wait for a device",
  "box",
);

/**
 * Messages by their ID, also those that were delivered: where the message waits, as key parts of
 * `toDevice`. Key: user, device, message ID.
 */
export interface KnownMessage {
  readonly place: readonly [box: BoxId, incarnation: number, seq: number, index: number];
  readonly time: HybridTime;
}
export const toDeviceIds = table<[UserId, DeviceId, string], KnownMessage>(
  "ti",
  "IDs of messages to devices",
);

/** What a device's client has acknowledged; covered messages are dead, though perhaps not yet deleted. */
export const toDeviceAcks = table<[UserId, DeviceId], Vector>(
  "ta",
  "messages that devices acknowledged",
);

/** One-time keys: user, device, algorithm, key ID. A claimed one stays, without the key, for ever. */
export interface OneTimeKey {
  readonly key?: Json;
  /** The box that alone may hand it out; absent once claimed. */
  readonly owner?: BoxId;
  /** The life of the owner that the uploading box knew. */
  readonly life?: Origin;
  /** Of the upload that decided the owner: the earliest one. */
  readonly time?: HybridTime;
  readonly origin?: Origin;
}
export const oneTimeKeys = table<[UserId, DeviceId, string, string], OneTimeKey>(
  "otk",
  "one-time keys",
);

/** Unclaimed one-time keys by algorithm. */
export const oneTimeKeyCounts = table<[UserId, DeviceId], Readonly<Record<string, number>>>(
  "otc",
  "counts of one-time keys",
);

/** Every account of this server. */
export const users = table<[UserId], true>("u", "list of accounts");

/** The newest round of a session of which a token was used: refresh tokens of earlier ones are dead. */
export const sessionRounds = table<[SessionId], number>("sr", "how far sessions were refreshed");

/** Room key backups: how many keys and a tag that changes with them. Key: user, version. */
export const backupStats = table<
  [UserId, string],
  { readonly count: number; readonly etag: string }
>("bs", "sizes of key backups");

/**
 * Side effects that nobody has reported done: lane, box, incarnation, seq, index in the transaction.
 */
export const effects = table<[LaneName, BoxId, number, number, number], WaitingEffect>(
  "ef",
  "effects that wait to be done",
);

/** Who has a pusher with these names: app ID, pushkey, user. The pushers are in the users' documents. */
export const pushersByKey = table<[string, string, UserId], true>("pk", "who has a pusher");

/** How many pushers a user has, and all users have together. */
export const pusherCounts = table<[UserId | "all"], number>("pc", "how many pushers people have");

/**
 * What clients can be told about, by topic and by the transaction that brought it:
 * topic, box, incarnation, seq. A sync reads, for each topic, what the client's vector does not cover.
 * What an entry says depends on what had arrived before it.
 */
export const topicLog = table<[Topic, BoxId, number, number], readonly LogEntry[]>(
  "lg",
  "what sync tells clients",
  "box",
);

/** The newest transactions that touched a topic, without those that they rest on. */
export const topicVector = table<[Topic], Vector>("lv", "newest entries of topics", "box");

/** Incarnations whose tail is complete: their last sequence. */
export const closedOrigins = table<[Origin], number>("co", "ends of earlier lives of boxes");

/**
 * Records of kinds that only later versions know, until this box runs one. Key: box, incarnation, seq, index.
 */
export interface KeptRecord {
  readonly record: TransactionRecord;
  /** What the transaction was made upon. */
  readonly causes: Vector;
  readonly time: HybridTime;
}
export const unknownRecords = table<[BoxId, number, number, number], KeptRecord>(
  "ur",
  "records for a later version of the software",
  "box",
);

export type Topic =
  /** Events of a room. */
  | `room:${RoomId}`
  /** Receipts of a room. */
  | `receipts:${RoomId}`
  /** A user's account data, memberships, profile, push rules, devices. */
  | `user:${UserId}`
  /** To-device messages and one-time keys of a device: `device:@user|DEVICE`. */
  | `device:${UserId}|${DeviceId}`
  /** Users whose devices or cross-signing keys changed, of the whole server. */
  | "device-lists";

export type LogEntry =
  /** A visible event, or one made visible. */
  | { readonly e: EventId; readonly depth: number; readonly ts: number; readonly state?: true }
  /** An earlier event was redacted by `redaction`. */
  | { readonly redacted: EventId; readonly redaction: EventId }
  | { readonly receipt: readonly [user: UserId, type: string, thread: string] }
  /** A field of the user's document: section, key. */
  | { readonly field: readonly [section: string, key: string] }
  | { readonly resolved: EventId } // The room's state changed by an event that nobody is shown.
  /** The user's membership of a room changed. */
  | { readonly membership: RoomId }
  | { readonly fullyRead: RoomId }
  | { readonly toDevice: number }
  | { readonly oneTimeKeys: true }
  /** In `device-lists`. */
  | { readonly user: UserId };

export function deviceTopic(user: UserId, device: DeviceId): Topic {
  return `device:${user}|${device}`;
}
