import { clientTransactionId, delayIdOf } from "../rooms/transaction-id.ts";
import type { EventId } from "../ids.ts";
import type { Json, JsonObject } from "../json.ts";
import type { Snapshot } from "../ports.ts";
import type { Requester } from "../services.ts";
import type { StoredEvent } from "../tables.ts";
import { bundle } from "./aggregations.ts";
import { clientEvent, federationEvent } from "./client-event.ts";
import { pickFields } from "./event-fields.ts";
import { RoomHistory } from "./room-history.ts";
import type { StateDeps } from "../rooms/state-view.ts";
import type { RoomId } from "../ids.ts";
import { ignoredUsers } from "./ignored-users.ts";
import { Viewer } from "./viewer.ts";

export interface PresenterOptions {
  readonly snapshot: Snapshot;
  readonly docs: StateDeps["docs"];
  readonly requester: Requester;
  /** Milliseconds since 1970, for `age`. */
  readonly nowMs: number;
  /** `/sync` leaves the room ID out, since the response names it elsewhere. */
  readonly withRoom: boolean;
  readonly format?: "client" | "federation";
  /** Paths of a filter's `event_fields`. */
  readonly fields?: readonly (readonly string[])[] | undefined;
}

/** Shows one room's events to one user, with `unsigned` filled in. */
export class Presenter {
  readonly history: RoomHistory;
  readonly viewer: Viewer;
  readonly options: PresenterOptions;
  readonly ignored: ReadonlySet<string>;

  constructor(options: PresenterOptions, room: RoomId) {
    this.options = options;
    this.history = new RoomHistory({ view: options.snapshot, docs: options.docs }, room);
    this.viewer = new Viewer(this.history, options.requester.user);
    this.ignored = ignoredUsers(options.snapshot, options.requester.user);
  }

  /** May the user be shown this event at all? */
  shows(event: StoredEvent): boolean {
    if (event.hidden || event.rejected !== undefined) return false;
    if (event.pdu.state_key === undefined && this.ignored.has(event.pdu.sender)) return false;
    return this.viewer.canSee(event);
  }

  /** Events of a timeline: with what they replaced and what relates to them. */
  async timeline(events: readonly StoredEvent[]): Promise<JsonObject[]> {
    const bundles = await bundle(this, events);
    return events.map((event) => this.#shape(event, this.#unsigned(event, bundles.get(event.id))));
  }

  /** Events of a state: what each replaced is not looked up, which would cost a document read each. */
  state(events: readonly StoredEvent[]): JsonObject[] {
    return events.map((event) => this.#shape(event, this.#brief(event)));
  }

  /** An event inside another one's `unsigned`. */
  nested(event: StoredEvent, relations?: JsonObject): JsonObject {
    const unsigned = relations
      ? { ...this.#brief(event), "m.relations": relations }
      : this.#brief(event);
    return clientEvent(event, unsigned, { withRoom: this.options.withRoom });
  }

  #shape(event: StoredEvent, unsigned: JsonObject): JsonObject {
    const { format, fields, withRoom } = this.options;
    if (format === "federation") return federationEvent(event, unsigned);
    const shown = clientEvent(event, unsigned, { withRoom });
    return fields ? pickFields(shown, fields) : shown;
  }

  #brief(event: StoredEvent): Record<string, Json> {
    const { requester, nowMs } = this.options;
    const unsigned: Record<string, Json> = {
      age: Math.max(0, nowMs - event.pdu.origin_server_ts),
    };
    const mine = event.pdu.sender === requester.user && event.txn?.device === requester.device;
    const txn = mine && event.txn ? clientTransactionId(event.txn.id) : undefined;
    if (txn !== undefined) unsigned["transaction_id"] = txn;
    const isOwn = event.pdu.sender === requester.user;
    const delay = isOwn && event.txn ? delayIdOf(event.txn.id) : undefined;
    if (delay !== undefined) unsigned["org.matrix.msc4140.delay_id"] = delay;
    const redaction =
      event.redactedBy === undefined ? undefined : this.history.event(event.redactedBy);
    if (redaction) {
      const age = { age: Math.max(0, nowMs - redaction.pdu.origin_server_ts) };
      unsigned["redacted_because"] = clientEvent(redaction, age, this.options);
    }
    return unsigned;
  }

  #unsigned(event: StoredEvent, relations: JsonObject | undefined): JsonObject {
    const unsigned = this.#brief(event);
    unsigned["membership"] = this.viewer.membershipAt(event);
    if (relations) unsigned["m.relations"] = relations;
    const { type, state_key: stateKey } = event.pdu;
    if (stateKey === undefined) return unsigned;
    const replaced = this.history.before(event, type, stateKey);
    if (replaced !== undefined) this.#addPrevious(unsigned, replaced);
    return unsigned;
  }

  #addPrevious(unsigned: Record<string, Json>, replaced: EventId): void {
    unsigned["replaces_state"] = replaced;
    const previous = this.history.event(replaced);
    if (!previous || !this.viewer.canSee(previous)) return;
    unsigned["prev_content"] = previous.pdu.content;
  }
}
