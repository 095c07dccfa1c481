import { prevEventIds } from "../event/pdu.ts";
import type { EventId, RoomId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import type { View } from "../ports.ts";
import type { StateView } from "../room-document/document-state.ts";
import { stateAt, stateBefore } from "../rooms/state-view.ts";
import type { StateDeps } from "../rooms/state-view.ts";
import { events, rooms } from "../tables.ts";
import type { RoomMeta, StoredEvent } from "../tables.ts";

/** One key of the state at some moment, remembered. */
interface Moment {
  readonly state: StateView;
  readonly known: Map<string, EventId | undefined>;
}

/**
 * The state at the events of one room, for one request. Neighbouring events mostly share their
 * document heads, so each key is read once for each distinct set of heads.
 */
export class RoomHistory {
  readonly room: RoomId;
  readonly deps: StateDeps;
  readonly #moments = new Map<string, Moment>();

  constructor(deps: StateDeps, room: RoomId) {
    this.deps = deps;
    this.room = room;
  }

  get view(): View {
    return this.deps.view;
  }

  get meta(): RoomMeta | undefined {
    return this.view.get(rooms, [this.room]);
  }

  event(id: EventId): StoredEvent | undefined {
    const stored = this.view.get(events, [id]);
    return stored?.room === this.room ? stored : undefined;
  }

  content(id: EventId | undefined): JsonObject | undefined {
    return id === undefined ? undefined : this.event(id)?.pdu.content;
  }

  /** The event that held a state key after `event`. */
  after(event: StoredEvent, type: string, stateKey: string): EventId | undefined {
    const name = event.heads.join();
    let moment = this.#moments.get(name);
    if (!moment) {
      moment = { state: stateAt(this.deps, this.room, event), known: new Map() };
      this.#moments.set(name, moment);
    }
    const key = `${type}\u0000${stateKey}`;
    if (!moment.known.has(key)) moment.known.set(key, moment.state.get(type, stateKey));
    return moment.known.get(key);
  }

  /** The event that held a state key before `event`. */
  before(event: StoredEvent, type: string, stateKey: string): EventId | undefined {
    const { pdu } = event;
    // Only the event's own key can differ, or a key that resolution changed in the same step.
    if (pdu.state_key === undefined) return this.after(event, type, stateKey);
    const parents = prevEventIds(pdu);
    const [only] = parents;
    const parent = parents.length === 1 && only !== undefined ? this.event(only) : undefined;
    if (parent) return this.after(parent, type, stateKey);
    return stateBefore(this.deps, this.room, parents).get(type, stateKey);
  }

  /** The whole state after an event. */
  stateAfter(event: StoredEvent): StateView {
    return stateAt(this.deps, this.room, event);
  }
}
