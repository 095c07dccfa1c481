import type { SigningKey } from "./event/sign.ts";
import type { Json, JsonObject } from "./json.ts";
import type { BoxId, RoomId, ServerName, UserId } from "./ids.ts";
import type { RoomDocumentLimits } from "./room-document/constants.ts";
import type { Key, KeyPart, Table } from "./table.ts";
import type { Topic } from "./tables.ts";
import type { Draft } from "./transaction/draft.ts";
import type {
  DocId,
  Effect,
  Heads,
  HybridTime,
  LaneName,
  TransactionRecord,
} from "./transaction/records.ts";
import type { Origin, Vector } from "./vector.ts";

/** Reads of the newest state, synchronous so that a command needs no lock. */
export interface View {
  get<K extends Key, V>(table: Table<K, V>, key: K): V | undefined;
}

/** What applying a transaction writes to. Values are frozen by convention: never change one in place. */
export interface WritableView extends View {
  put<K extends Key, V>(table: Table<K, V>, key: K, value: V): void;
  del<K extends Key, V>(table: Table<K, V>, key: K): void;
}

export interface Range {
  /** Fixed leading key parts. */
  readonly prefix: readonly KeyPart[];
  /** Bounds, exclusive, on the key parts that follow the prefix (may be a partial key). */
  readonly after?: readonly KeyPart[];
  readonly before?: readonly KeyPart[];
  readonly reverse?: boolean;
  /** Most rows returned. */
  readonly limit: number;
}

/** What is on disk, at one moment. Close it: an open snapshot keeps old files alive. */
export interface Snapshot extends View, Disposable {
  /** The transactions whose effects are in the snapshot. */
  readonly vector: Vector;
  range<K extends Key, V>(table: Table<K, V>, range: Range): Promise<[key: K, value: V][]>;
  close(): void;
}

export interface Reader extends View {
  snapshot(): Snapshot;
}

/**
 * Automerge documents as flat maps of text. Keys are `section U+001F key`. `at`: heads of a moment, by
 * default now.
 */
export interface DocumentViews {
  get(doc: DocId, key: string, at?: Heads): string | undefined;
  /** Every value that stands for a key: several where branches set it apart and none has won yet. */
  all(doc: DocId, key: string, at: Heads): readonly string[];
  entries(doc: DocId, at?: Heads): Iterable<readonly [key: string, value: string]>;
  /**
   * The keys that read otherwise at `to` than at `from`, or are disputed at only one of the two; perhaps
   * also some that were set to what they were.
   */
  changed(doc: DocId, from: Heads, to: Heads): readonly string[];
  heads(doc: DocId): Heads;
  /** Does the document contain the changes that these heads name? */
  contains(doc: DocId, heads: Heads): boolean;
  /** Of several sets of heads, drops those that are contained in another one. */
  maximal(doc: DocId, heads: readonly Heads[]): Heads[];
}

/** Their edits are staged with the transaction that is being made or applied and vanish with it. */
export interface Documents extends DocumentViews {
  readonly roomLimits: RoomDocumentLimits;
  /** Operations in the history, beyond the first change. */
  length(doc: DocId): number;
  /** Stages a new document of a room with these entries, named by its first change. */
  begin(
    room: RoomId,
    entries: readonly (readonly [key: string, value: string])[],
  ): { readonly doc: DocId; readonly change: Uint8Array; readonly heads: Heads };
  /** Makes one change on top of `base` (by default: everything) and stages it. */
  change(
    doc: DocId,
    edits: readonly (readonly [key: string, value: string | undefined])[],
    base?: Heads,
  ): { readonly change: Uint8Array; readonly heads: Heads };
  /** Stages a change made elsewhere; returns the keys it edits. Throws on bytes that are no change. */
  apply(doc: DocId, change: Uint8Array): string[];
}

export interface Random {
  bytes(length: number): Uint8Array;
}

/** Fires once; `cancel` is idempotent. */
export interface Timers {
  after(milliseconds: number, run: () => void): { cancel(): void };
  /** Milliseconds since some fixed moment, for measuring; never goes back. */
  elapsed(): number;
}

/** What a command may know beyond the view. The same for the whole command. */
export interface Env {
  readonly serverName: ServerName;
  readonly box: BoxId;
  /** The life of the box that makes the transaction. */
  readonly life: Origin;
  /** The transaction's time; also the source of `origin_server_ts`. */
  readonly time: HybridTime;
  readonly random: Random;
  readonly signingKey: SigningKey;
}

/** A decision: reads the draft, stages records on it, returns the reply. Throwing discards all. */
export type Command<I, R> = (draft: Draft, input: I, env: Env) => R;

/** The one door for writes. */
export interface Runner {
  /**
   * Runs a command atomically. Resolves with its reply once the records are on disk here and the
   * acknowledgement policy is met; rejects with what the command threw, or 503 when the disk refuses.
   */
  run<I, R>(command: Command<I, R>, input: I): Promise<R>;
}

export type WakeTopic = Topic | `typing:${RoomId}` | `presence:${UserId}`;

/** Tells waiting requests that topics were touched, after it is on disk. */
export interface Notifier {
  /**
   * Resolves true when one of the topics is touched after the call, false at the deadline or abort.
   * Register before reading, then read, then await: nothing falls between.
   */
  wait(topics: Iterable<WakeTopic>, timeoutMs: number, signal: AbortSignal): Promise<boolean>;
}

export type ClaimKind = "user" | "alias";

/** Single-value registers over the boxes. */
export interface Claims {
  /**
   * Claims a name for a value. `taken` tells another value holds it; throws 503-like `MatrixError` when
   * no majority of the boxes answers, with a message for people.
   */
  claim(kind: ClaimKind, name: string, value: string): Promise<"granted" | "taken">;
  /** Gives a name up (deleted alias). */
  release(kind: ClaimKind, name: string, value: string): Promise<void>;
}

/** Media bytes by the SHA-256 of their content, hex. */
export interface Blobs {
  /** Streams into the store; resolves with hash and size once on disk. Rejects past `sizeBytesMax`. */
  write(
    body: AsyncIterable<Uint8Array>,
    sizeBytesMax: number,
  ): Promise<{ readonly hash: string; readonly sizeBytes: number }>;
  /** The bytes, fetched from another box when not here yet. Undefined when no reachable box has them. */
  read(hash: string): Promise<AsyncIterable<Uint8Array> | undefined>;
}

/** Facts that are gossiped and never stored. */
export interface Ephemeral {
  /** Serial of this box's ephemeral state, for tokens; grows with each change. */
  readonly serial: number;
  set(kind: "typing" | "presence", key: string, value: JsonObject, ttlMs: number): void;
  /** Live facts, and those that ended within the last minutes with `ended: true`. */
  since(serial: number): readonly EphemeralFact[];
  get(kind: "typing" | "presence", key: string): EphemeralFact | undefined;
}

export interface EphemeralFact {
  readonly kind: "typing" | "presence";
  /** typing: `room U+001F user`; presence: the user ID. */
  readonly key: string;
  readonly value: JsonObject;
  readonly serial: number;
  readonly ended: boolean;
}

/** Asks other boxes for what only they may decide. */
export interface Boxes {
  readonly self: BoxId;
  /** Members of the mesh now, this box included, sorted. */
  members(): readonly BoxId[];
  reachable(): readonly BoxId[];
  /**
   * May this box hand out what was given to it in that life? What an earlier life was given it may have
   * handed out and forgotten with its disk, and what a new box was given may have been given to another one
   * by boxes that did not know of it: not before the other boxes have said what they know.
   */
  mayHandOut(life: Origin | undefined): boolean;
  /** Asks a box to hand out one of its one-time keys. Undefined: it has none or cannot be reached. */
  claimOneTimeKey(
    box: BoxId,
    user: UserId,
    device: string,
    algorithm: string,
  ): Promise<{ readonly keyId: string; readonly key: Json } | undefined>;
}

/** A server's answer, or why it was not asked: an address that people may not make a box talk to. */
export type HttpAnswer =
  | { readonly kind: "answer"; readonly status: number; readonly text: string }
  | { readonly kind: "refused"; readonly reason: string };

/** Requests to servers that people name. */
export interface HttpClient {
  /** Follows no redirects. Rejects when there is no whole answer: unreachable, too slow, too long. */
  postJson(
    url: string,
    body: JsonObject,
    options: {
      readonly timeoutMs: number;
      readonly answerBytesMax: number;
      readonly signal: AbortSignal;
    },
  ): Promise<HttpAnswer>;
}

/** One kind of side effect: whom it concerns and how it is done. */
export interface EffectLane {
  readonly name: LaneName;
  /** Effects older than this are given up, milliseconds. */
  readonly keptMs: number;
  /** Effects that may wait for one target, the oldest is given up for a further one; Infinity: none ever is. */
  readonly waitingMax: number;
  /** Whom the effect must reach, each named by a text that stands for the same one on every box. */
  targetsOf(effect: Effect): Promise<readonly string[]>;
  /** Reaches one of them: `failed` is tried again later, `done` is never repeated. */
  perform(target: string, effect: Effect, signal: AbortSignal): Promise<"done" | "failed">;
}

/** Something to be done at a time, once. */
export interface Appointment {
  readonly id: string;
  /** Milliseconds since 1970, by the hybrid clock. */
  readonly dueMs: number;
  /** Who made or moved it last. */
  readonly origin: Origin;
}

/** One kind of appointments, which are kept with the replicated state. */
export interface Appointments {
  /** All that are not over. */
  all(): Promise<readonly Appointment[]>;
  /** The appointment that a record makes, moves or ends, if any. */
  touchedBy(record: TransactionRecord): string | undefined;
  /** Undefined when it is over. */
  get(id: string): Appointment | undefined;
  /** Does it, unless it is over or was moved; rejects when it must be tried again. */
  keep(id: string): Promise<void>;
}

export interface Logger {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}
