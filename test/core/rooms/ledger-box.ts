import { createHash } from "node:crypto";
import { signingKey } from "../../../core/event/sign.ts";
import type { BoxId, EventId, RoomId, ServerName, UserId } from "../../../core/ids.ts";
import type { Command, Logger, Random } from "../../../core/ports.ts";
import type { RoomDocumentLimits } from "../../../core/room-document/constants.ts";
import { events, rooms, roomState } from "../../../core/tables.ts";
import type { Key, Table } from "../../../core/table.ts";
import type { RoomMeta, StoredEvent } from "../../../core/tables.ts";
import { originOf } from "../../../core/vector.ts";
import type { Origin } from "../../../core/vector.ts";
import { HybridClock } from "../../../mesh/clock/hybrid-clock.ts";
import { actorOf } from "../../../mesh/documents/automerge-doc.ts";
import { DocumentStore } from "../../../mesh/documents/documents.ts";
import { parseEntry } from "../../../mesh/journal/entry.ts";
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
