import { eventIdOf, without } from "../../../core/event/hash.ts";
import type { DraftPdu, Pdu } from "../../../core/event/pdu.ts";
import { signEvent } from "../../../core/event/sign.ts";
import type { BoxId, RoomId } from "../../../core/ids.ts";
import type { Command } from "../../../core/ports.ts";
import { editsBy } from "../../../core/rooms/admit-event.ts";
import { stateBefore } from "../../../core/rooms/state-view.ts";
import { StateWriter } from "../../../core/room-document/write-state.ts";
import { prevEventIds } from "../../../core/event/pdu.ts";
import { buildEvent } from "../../../core/rooms/build-event.ts";
import { roomVersion } from "../../../core/room-version/table.ts";
import type {
  EventRecord,
  HybridTime,
  Transaction,
  TransactionRecord,
} from "../../../core/transaction/records.ts";
import { HYBRID_TICKS_PER_MS } from "../../../core/transaction/records.ts";
import { originOf } from "../../../core/vector.ts";
import type { Origin, Vector } from "../../../core/vector.ts";
import { hashOfEntry } from "../../../mesh/journal/entry.ts";
import type { Entry } from "../../../mesh/journal/entry.ts";
import { SIGNING_KEY, START_MS } from "./ledger-box.ts";
import type { LedgerBox } from "./ledger-box.ts";
import type { Said } from "./said.ts";

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
