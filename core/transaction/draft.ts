import { assert, tooLarge } from "../errors.ts";
import type { Pdu } from "../event/pdu.ts";
import type { Json } from "../json.ts";
import type { DeviceId, EventId, SessionId, UserId } from "../ids.ts";
import type { Documents } from "../ports.ts";
import type { Key, Table } from "../table.ts";
import type { StoredEvent } from "../tables.ts";
import { fields, pusherCounts, sessionRounds } from "../tables.ts";
import { fieldKey } from "../documents/field-key.ts";
import { admitEvent } from "../rooms/admit-event.ts";
import { applyRecord, storedEvent } from "./apply.ts";
import type {
  Collection,
  DocId,
  Effect,
  LaneName,
  ToDeviceMessage,
  TransactionRecord,
} from "./records.ts";
import type { ApplyContext } from "./apply.ts";
import type { Vector } from "../vector.ts";

/** Records one transaction may hold; a createRoom with every option makes about 200. */
export const RECORDS_PER_TRANSACTION_MAX = 2000;

/**
 * A transaction in the making. It reads like a view, its own staged records included, so the second
 * event of a command sees the first. Records are applied by the same code that applies them on every
 * other box. Used by one command, synchronously, then sealed or thrown away.
 */
export class Draft {
  readonly records: TransactionRecord[] = [];
  readonly #context: ApplyContext;

  constructor(context: ApplyContext) {
    this.#context = context;
  }

  get<K extends Key, V>(table: Table<K, V>, key: K): V | undefined {
    return this.#context.view.get(table, key);
  }

  get docs(): Documents {
    return this.#context.docs;
  }

  /**
   * Lets a complete, signed event of this server into its room. It is checked against the auth rules
   * at its place; throws MatrixError 403 M_FORBIDDEN with the rule's reason.
   */
  appendEvent(pdu: Pdu, txn?: { readonly device: DeviceId; readonly id: string }): StoredEvent {
    this.#requireSpace(3);
    const { changes, record } = admitEvent(this.#context, pdu);
    for (const change of changes) this.#stage(change, []);
    this.#stage(txn ? { ...record, txn } : record, []);
    const stored = this.event(record.id);
    assert(stored, "an admitted event is stored");
    // Who is to be told is worked out later; where nobody wants pushes there is nothing to work out.
    if ((this.get(pusherCounts, ["all"]) ?? 0) > 0) this.cause("push", { event: record.id });
    return stored;
  }

  /** Sets a field of a user or mesh document; `undefined` deletes it. An equal value stages nothing. */
  setField(doc: DocId, section: string, key: string, value: Json | undefined): void {
    const before = this.get(fields, [doc, section, key]);
    const text = value === undefined ? undefined : JSON.stringify(value);
    if (text === (before === undefined ? undefined : JSON.stringify(before))) return;
    this.#requireSpace(1);
    const { change } = this.docs.change(doc, [[fieldKey(section, key), text]]);
    this.#stage({ kind: "change", doc, change: Buffer.from(change).toString("base64") }, [
      fieldKey(section, key),
    ]);
  }

  getField(doc: DocId, section: string, key: string): Json | undefined {
    return this.get(fields, [doc, section, key]);
  }

  /** Writes a small fact; `undefined` deletes it. */
  putFact(collection: Collection, key: readonly string[], value: Json | undefined): void {
    this.#stage({ kind: "put", collection, key, ...(value === undefined ? {} : { value }) });
  }

  /** Notes the newest used round of a session; one that is known stages nothing. */
  raiseRound(session: SessionId, round: number): void {
    if (round <= (this.get(sessionRounds, [session]) ?? 0)) return;
    this.#stage({ kind: "round", session, round });
  }

  sendToDevice(user: UserId, device: DeviceId, message: ToDeviceMessage): void {
    this.#stage({ kind: "enqueue", queue: "to_device", user, device, message });
  }

  acknowledgeToDevice(user: UserId, device: DeviceId, upTo: Vector): void {
    this.#stage({ kind: "dequeue", queue: "to_device", user, device, upTo });
  }

  addOneTimeKey(key: {
    readonly user: UserId;
    readonly device: DeviceId;
    readonly algorithm: string;
    readonly keyId: string;
    readonly key: Json;
    readonly owner: string;
  }): void {
    this.#stage({ kind: "enqueue", queue: "one_time_key", ...key });
  }

  takeOneTimeKey(user: UserId, device: DeviceId, algorithm: string, keyId: string): void {
    this.#stage({ kind: "dequeue", queue: "one_time_key", user, device, algorithm, keyId });
  }

  /** Asks for something to be done outside once the transaction is on disk. */
  cause(lane: LaneName, effect: Effect): void {
    this.#stage({ kind: "effect", lane, effect });
  }

  /** Stages any record, for the mesh's own (births, closings). */
  stage(record: TransactionRecord): void {
    this.#stage(record);
  }

  /** The event, if it is in this box's store. */
  event(id: EventId): StoredEvent | undefined {
    return storedEvent(this.#context, id);
  }

  /**
   * Asked before a document is changed: a change without its record would be on this box only. Nobody
   * may catch what it throws and go on.
   */
  #requireSpace(records: number): void {
    if (this.records.length + records > RECORDS_PER_TRANSACTION_MAX) {
      throw tooLarge("This request changes too much at once.");
    }
  }

  /** `stagedKeys`: the record is made here, its document changed already, at these keys. */
  #stage(record: TransactionRecord, stagedKeys?: readonly string[]): void {
    this.#requireSpace(1);
    this.records.push(record);
    applyRecord(this.#context, record, this.records.length - 1, stagedKeys);
  }
}
