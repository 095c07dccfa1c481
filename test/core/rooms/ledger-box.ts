import { createHash } from "node:crypto";
import { eventIdOf, without } from "../../../core/event/hash.ts";
import type { DraftPdu, Pdu } from "../../../core/event/pdu.ts";
import { signEvent, signingKey } from "../../../core/event/sign.ts";
import type { BoxId, EventId, RoomId, ServerName, UserId } from "../../../core/ids.ts";
import type { JsonObject } from "../../../core/json.ts";
import type { Command, Logger, Random } from "../../../core/ports.ts";
import { editsBy } from "../../../core/rooms/admit-event.ts";
import { stateBefore } from "../../../core/rooms/state-view.ts";
import { StateWriter } from "../../../core/room-document/write-state.ts";
import { prevEventIds } from "../../../core/event/pdu.ts";
import { buildCreateEvent, buildEvent, sendInRoom } from "../../../core/rooms/build-event.ts";
import type { ClientTransaction, NewEvent } from "../../../core/rooms/build-event.ts";
import type { RoomDocumentLimits } from "../../../core/room-document/constants.ts";
import { roomVersion } from "../../../core/room-version/table.ts";
import { events, rooms, roomState } from "../../../core/tables.ts";
import type { Key, Table } from "../../../core/table.ts";
import type { RoomMeta, StoredEvent } from "../../../core/tables.ts";
import type {
  EventRecord,
  HybridTime,
  Transaction,
  TransactionRecord,
} from "../../../core/transaction/records.ts";
import { HYBRID_TICKS_PER_MS } from "../../../core/transaction/records.ts";
import { originOf } from "../../../core/vector.ts";
import type { Origin, Vector } from "../../../core/vector.ts";
import { HybridClock } from "../../../mesh/clock/hybrid-clock.ts";
import { actorOf } from "../../../mesh/documents/automerge-doc.ts";
import { DocumentStore } from "../../../mesh/documents/documents.ts";
import { hashOfEntry, parseEntry } from "../../../mesh/journal/entry.ts";
import type { Entry } from "../../../mesh/journal/entry.ts";
import { Ledger } from "../../../mesh/journal/ledger.ts";
import { decodeKey, encodeKey } from "../../../mesh/store/keys.ts";
import { MemoryDisk, MemoryStore } from "../../../mesh/store/memory-store.ts";
import type { MemoryDiskFaults } from "../../../mesh/store/memory-store.ts";
import { StateStore } from "../../../mesh/store/overlay.ts";

export const SERVER = "hearth.test" as ServerName;
export const userOf = (name: string): UserId => `@${name}:${SERVER}` as UserId;
export const ALICE = userOf("alice");
export const BOB = userOf("bob");
export const CAROL = userOf("carol");
export const DAVE = userOf("dave");
export const ERIN = userOf("erin");

export const START_MS = Date.UTC(2026, 0, 1);
export const SIGNING_KEY = signingKey(SERVER, "ed25519:test", new Uint8Array(32).fill(1));
const quiet = (): void => undefined;
const QUIET: Logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

/** Bytes that are the same in every run. */
export function seededRandom(seed: string): Random {
  let count = 0;
  return {
    bytes: (length) =>
      createHash("shake256", { outputLength: length }).update(`${seed} ${count++}`).digest(),
  };
}

export interface LedgerBoxOptions {
  readonly name?: string;
  readonly incarnation?: number;
  /** Milliseconds since 1970 as this box has it. */
  readonly wall?: () => number;
  readonly roomLimits?: RoomDocumentLimits | undefined;
  readonly faults?: MemoryDiskFaults;
}

/** What stores, derives and journals of one box, without network: entries are carried by hand. */
export class LedgerBox {
  readonly origin: Origin;
  readonly disk: MemoryDisk;
  readonly ledger: Ledger;
  readonly state: StateStore;
  readonly docs: DocumentStore;
  /** Every transaction that is on disk here, in the order of its application. */
  readonly entries: Entry[] = [];

  private constructor(parts: Pick<LedgerBox, "origin" | "disk" | "ledger" | "state" | "docs">) {
    this.origin = parts.origin;
    this.disk = parts.disk;
    this.ledger = parts.ledger;
    this.state = parts.state;
    this.docs = parts.docs;
    this.ledger.onFlushed((flushed) => {
      for (const { transaction, text } of flushed) this.entries.push({ transaction, text });
    });
  }

  static async open(options: LedgerBoxOptions = {}): Promise<LedgerBox> {
    const { name = "a", incarnation = 1, wall = (): number => START_MS } = options;
    const box = name.repeat(8) as BoxId;
    const origin = originOf(box, incarnation);
    const disk = new MemoryDisk();
    const store = new MemoryStore(disk, options.faults);
    const state = new StateStore(store);
    const docs = new DocumentStore(state, actorOf(origin), undefined, options.roomLimits);
    const ledger = await Ledger.open({
      store,
      state,
      documents: docs,
      clock: new HybridClock({ wall }),
      box,
      life: origin,
      serverName: SERVER,
      signingKey: SIGNING_KEY,
      random: seededRandom(name),
      logger: QUIET,
    });
    return new LedgerBox({ origin, disk, ledger, state, docs });
  }

  get view(): StateStore {
    return this.state;
  }

  /** Runs a command; resolves when it is on disk. */
  async run<R>(command: Command<undefined, R>): Promise<R> {
    const { reply, written } = this.ledger.commit(command, undefined);
    await written;
    return reply;
  }

  /** Applies another box's transaction as a peer would send it. */
  async take(entry: Entry): Promise<void> {
    await this.ledger.apply(parseEntry(entry.text));
  }

  /** Applies all that another box has and this one lacks. */
  async takeAll(from: LedgerBox): Promise<void> {
    for (const entry of from.entries) {
      if (!this.ledger.has(entry.transaction)) await this.take(entry);
    }
  }

  get<K extends Key, V>(table: Table<K, V>, key: K): V | undefined {
    return this.state.get(table, key);
  }

  event(id: EventId): StoredEvent {
    const stored = this.get(events, [id]);
    if (!stored) throw new Error(`${id} is not stored`);
    return stored;
  }

  room(id: RoomId): RoomMeta {
    const meta = this.get(rooms, [id]);
    if (!meta) throw new Error(`${id} is not known`);
    return meta;
  }

  stateOf(room: RoomId, type: string, stateKey = ""): EventId | undefined {
    return this.get(roomState, [room, type, stateKey]);
  }

  /** All rows of a table on disk. */
  rows<K extends Key, V>(table: Table<K, V>): [key: K, value: V][] {
    const prefix = encodeKey(table, [] as unknown as K);
    return [...this.disk.entries]
      .filter(([key]) => key.startsWith(prefix))
      .map(([key, text]): [K, V] => [decodeKey(table, key), JSON.parse(text) as V])
      .toSorted(([a], [b]) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  }

  /** The exact rows of all of core's tables but these, by name. */
  dump(without: readonly Table<Key, unknown>[] = []): Map<string, string> {
    const left = new Set(without.map(({ name }) => name));
    const nameOf = (key: string): string => key.slice(2, key.indexOf("\0"));
    return new Map(
      [...this.disk.entries]
        .filter(([key]) => key.startsWith("t/") && !left.has(nameOf(key)))
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    );
  }

  close(): void {
    this.docs.close();
  }
}

/** Transactions that nobody made through a command, such as a faulty or hostile box would send. */
export class Forger {
  readonly origin: Origin;
  #seq = 0;
  #prev = "";

  constructor(name = "z", incarnation = 1) {
    this.origin = originOf(name.repeat(8) as BoxId, incarnation);
  }

  entry(
    records: readonly TransactionRecord[],
    options: { readonly deps?: Vector; readonly ms?: number } = {},
  ): Entry {
    const { deps = {} as Vector, ms = START_MS } = options;
    const transaction: Transaction = {
      v: 1,
      origin: this.origin,
      seq: ++this.#seq,
      time: (ms * HYBRID_TICKS_PER_MS + this.#seq) as HybridTime,
      deps,
      prev: this.#prev,
      records,
    };
    const text = JSON.stringify(transaction);
    this.#prev = hashOfEntry(text);
    return { transaction, text };
  }
}

/** The event as a box would make it, with some of it made otherwise, and the record that carries it. */
export function forge(
  box: LedgerBox,
  room: RoomId,
  event: Said,
  otherwise: Partial<DraftPdu> = {},
  mark: Partial<EventRecord> = {},
): EventRecord {
  const build: Command<undefined, Pdu> = (draft, _, env) =>
    buildEvent(draft, env, { ...event, room });
  const honest = box.ledger.commit(build, undefined).reply;
  const version = roomVersion(box.room(room).version);
  const unsigned = without(honest, "hashes", "signatures") as unknown as DraftPdu;
  const pdu = signEvent(version, { ...unsigned, ...otherwise }, SIGNING_KEY);
  const { heads } = box.room(room);
  return { kind: "event", id: eventIdOf(version, pdu), room, pdu, heads, ...mark };
}

/** The same, and before it the changes that bring the state which follows from it. */
export function withState(box: LedgerBox, record: EventRecord): TransactionRecord[] {
  const { room, pdu, id } = record;
  const stage = box.state.begin();
  try {
    const docs = box.docs.on(stage);
    const before = stateBefore({ view: stage, docs }, room, prevEventIds(pdu));
    const { changes, state } = new StateWriter(docs, room).write(
      before.at,
      editsBy(before, pdu, id),
    );
    return [...changes, { ...record, ...state }];
  } finally {
    stage.abandon();
  }
}

/** What a member wants to say; the room is known. */
export type Said = Omit<NewEvent, "room">;

export const said = {
  message: (sender: UserId, body = "hello", more: JsonObject = {}): Said => ({
    sender,
    type: "m.room.message",
    content: { msgtype: "m.text", body, ...more },
  }),
  state: (sender: UserId, type: string, content: JsonObject, stateKey = ""): Said => ({
    sender,
    type,
    stateKey,
    content,
  }),
  topic: (sender: UserId, topic: string): Said => said.state(sender, "m.room.topic", { topic }),
  member: (sender: UserId, target: UserId, membership: string, more: JsonObject = {}): Said =>
    said.state(sender, "m.room.member", { ...more, membership }, target),
  join: (user: UserId): Said => said.member(user, user, "join"),
  redaction: (sender: UserId, redacts: EventId): Said => ({
    sender,
    type: "m.room.redaction",
    content: {},
    redacts,
  }),
};

/** Sends an event through the front door of a box. Rejects with MatrixError 403. */
export function send(
  box: LedgerBox,
  room: RoomId,
  event: Said,
  txn?: ClientTransaction,
): Promise<StoredEvent> {
  return box.run((draft, _, env) => sendInRoom(draft, env, { ...event, room }, txn));
}

export interface RoomOptions {
  readonly version?: string;
  readonly members?: readonly UserId[];
  readonly createContent?: JsonObject;
  /** Added to the content of the power levels. */
  readonly levels?: JsonObject;
}

/** A public room of Alice's with these members. */
export function openRoom(box: LedgerBox, options: RoomOptions = {}): Promise<RoomId> {
  const { version = "12", members = [], createContent = {}, levels = {} } = options;
  return box.run((draft, _, env) => {
    const row = roomVersion(version);
    // Where the room ID is a hash, two rooms must not be opened with equal words.
    const content = { ...createContent, "org.example.room": box.entries.length };
    const create = buildCreateEvent(env, row, { creator: ALICE, content });
    const { room } = draft.appendEvent(create);
    const users = row.auth.creatorPower ? {} : { [ALICE]: 100 };
    const opening = [
      said.join(ALICE),
      said.state(ALICE, "m.room.power_levels", {
        ...levels,
        users: { ...users, ...(levels["users"] as JsonObject | undefined) },
      }),
      said.state(ALICE, "m.room.join_rules", { join_rule: "public" }),
      ...members.map(said.join),
    ];
    for (const event of opening) sendInRoom(draft, env, { ...event, room });
    return room;
  });
}
