import type { Json, JsonObject } from "../json.ts";
import type { Pdu } from "../event/pdu.ts";
import type { DeviceId, EventId, RoomId, SessionId, UserId } from "../ids.ts";
import type { Origin, Vector } from "../vector.ts";

/** Hybrid logical time: milliseconds × 1024 + counter. A safe integer until the year 2248. */
export type HybridTime = number & { readonly __hybridTime: true };

export const HYBRID_TICKS_PER_MS = 1024;

export function millisecondsOf(time: HybridTime): number {
  return Math.floor(time / HYBRID_TICKS_PER_MS);
}

/** The heads of an Automerge document: hex hashes, sorted. `[]` is the empty document. */
export type Heads = readonly string[];

/** `user:@id`, `mesh`, `room:!id` or, past its first generation, `room:!id U+001F generation`. */
export type DocId = `room:${RoomId}` | `user:${UserId}` | "mesh";

/** A document of a room that was begun anew: the hash of its first change, 64 hex digits. */
export type Generation = string & { readonly __generation: true };

/** A state of a room: heads of one generation of its document. */
export interface StateHeads {
  readonly heads: Heads;
  /** Absent: the room's first document. */
  readonly generation?: Generation;
}

/** An immutable PDU enters; merged as a set union by event ID. */
export interface EventRecord extends StateHeads {
  readonly kind: "event";
  readonly id: EventId;
  readonly room: RoomId;
  readonly pdu: Pdu;
  /** The room document's heads that hold after the event. */
  readonly heads: Heads;
  /** The client's transaction, so that a retry on any box is the same event. */
  readonly txn?: { readonly device: DeviceId; readonly id: string };
  /** Set at the door by which the event entered: it failed at the current state and is not shown. */
  readonly softFailed?: true;
  /**
   * How it entered, where not as news. `outlier`: cited by another event, its own place in the room is
   * not known, and `heads` is empty. `backfilled`: from the history before what is here; the door
   * worked out `heads`, and its parents need not be known.
   */
  readonly entered?: "outlier" | "backfilled";
  /** Set at that door: a redaction whose sender administers the server, whatever the room says. */
  readonly byAdmin?: true;
}

/** One Automerge change to one document, base64. */
export interface ChangeRecord {
  readonly kind: "change";
  readonly doc: DocId;
  readonly change: string;
}

/** A small fact; the last writer by time, then by origin, wins. `value` absent: deleted. */
export interface PutRecord {
  readonly kind: "put";
  readonly collection: Collection;
  readonly key: readonly string[];
  readonly value?: Json;
}

/**
 * The collections of `put` and their keys:
 * - `receipt`: room, user, receipt type, thread ID ("" when unthreaded) → `{event_id, ts}`
 * - `fully_read`: user, room → `{event_id}`
 * - `revoked`: `device` user device | `token` token ID | `user` user → `{before: HybridTime}`;
 *   `user_but` user → `{before, except}`, all but this device
 * - `media`: media ID → record of `core/media`
 * - `backup_key`: user, version, room, session → KeyBackupData
 * - `fallback_used`: user, device, algorithm, key ID → true
 * - `txn`: user, device, request ID → reply of a request that is not an event (sendToDevice)
 * - `presence`: user → `{presence, status_msg}` (what was set by hand; online or not is gossiped)
 * - `delayed`: delay ID → an event to be sent later; `delayed_since` → `{ms}`, when it was restarted;
 *   `delayed_end` → `{ts, event?, error?}`, how it ended
 * - `invitation`: invitation ID → `{used_by}`
 * - `report`: reporter, box, slot → what is reported of `core/moderation`, `reason`, `at`
 * - `drill`: box → `{time}`, the last write by which a box in a drill showed that it takes writes
 */
export type Collection =
  | "receipt"
  | "fully_read"
  | "revoked"
  | "media"
  | "backup_key"
  | "fallback_used"
  | "txn"
  | "presence"
  | "delayed"
  | "delayed_since"
  | "delayed_end"
  | "invitation"
  | "report"
  | "drill";

/** A set with removal. To-device messages are keyed by their place; one-time keys by key ID. */
export type EnqueueRecord =
  | {
      readonly kind: "enqueue";
      readonly queue: "to_device";
      readonly user: UserId;
      readonly device: DeviceId;
      readonly message: ToDeviceMessage;
    }
  | {
      readonly kind: "enqueue";
      readonly queue: "one_time_key";
      readonly user: UserId;
      readonly device: DeviceId;
      readonly algorithm: string;
      readonly keyId: string;
      readonly key: Json;
      /** The one box that may hand it out. */
      readonly owner: string;
    };

export type DequeueRecord =
  | {
      readonly kind: "dequeue";
      readonly queue: "to_device";
      readonly user: UserId;
      readonly device: DeviceId;
      /** Everything in this set was acknowledged by the client, or ended with the device. */
      readonly upTo: Vector;
    }
  | {
      readonly kind: "dequeue";
      readonly queue: "one_time_key";
      readonly user: UserId;
      readonly device: DeviceId;
      readonly algorithm: string;
      readonly keyId: string;
    };

/**
 * A session has used tokens of this round; of several the greatest holds, whatever their times. An earlier
 * one that was written later, on the other side of a split, must not bring dead refresh tokens back.
 */
export interface RoundRecord {
  readonly kind: "round";
  readonly session: SessionId;
  readonly round: number;
}

/** The round of a session that was logged out by a token of its own: past all that can be. */
export const ROUND_OF_ENDED = Number.MAX_SAFE_INTEGER;

/** The first record of every incarnation, and the closing of an earlier one. */
export interface BirthRecord {
  readonly kind: "birth";
  /** The incarnation before this one and the last sequence known of it here. */
  readonly previous?: { readonly origin: Origin; readonly seq: number };
}

/** Every box has confirmed that nothing of this incarnation exists beyond `seq`. */
export interface CloseRecord {
  readonly kind: "close";
  readonly origin: Origin;
  readonly seq: number;
}

/**
 * Something to be done outside of the mesh because of this transaction, once it is on disk. The lane is
 * the kind of work; who does it is decided in `mesh/outbox/`.
 */
export interface EffectRecord {
  readonly kind: "effect";
  readonly lane: LaneName;
  readonly effect: Effect;
}

/** `push`: notifications. `twin`: takes away what a request that two boxes took made too much. */
export type LaneName = "push" | "twin";

/** `event`: tell whoever its push rules notify, or take it away. `badge`: tell a user's apps how much is unread. */
export type Effect = { readonly event: EventId } | { readonly badge: UserId };

/** An effect that nobody has reported done. `only`: what remains is owed to these targets. */
export interface WaitingEffect {
  readonly effect: Effect;
  readonly time: HybridTime;
  readonly only?: readonly string[];
}

/**
 * Effects of one origin that are over: performed, or given up. `owed` are over but for some of their
 * targets, which cannot be reached now.
 */
export interface SettledRecord {
  readonly kind: "settled";
  readonly lane: LaneName;
  readonly origin: Origin;
  readonly done: readonly EffectPlace[];
  readonly owed: readonly (readonly [place: EffectPlace, targets: readonly string[]])[];
}

/** Where an effect stands in its origin: the transaction, and the record within it. */
export type EffectPlace = readonly [seq: number, index: number];

export type TransactionRecord =
  | EventRecord
  | ChangeRecord
  | PutRecord
  | EnqueueRecord
  | DequeueRecord
  | RoundRecord
  | EffectRecord
  | SettledRecord
  | BirthRecord
  | CloseRecord;

export interface ToDeviceMessage {
  /** Names the request that sent it, so that a request taken twice, on two boxes, is one message. */
  readonly id?: string;
  readonly sender: UserId;
  readonly type: string;
  readonly content: JsonObject;
}

/** What one request did, atomically. */
export interface Transaction {
  readonly v: 1;
  readonly origin: Origin;
  /** Counted from 1 without gaps within the origin. */
  readonly seq: number;
  readonly time: HybridTime;
  /** What the origin had when it made this: its causes. */
  readonly deps: Vector;
  /** Hash of the origin's previous entry, "" for the first. */
  readonly prev: string;
  readonly records: readonly TransactionRecord[];
}
