import { levelsFrom } from "../auth/power.ts";
import { createEventIdOf } from "../event/hash.ts";
import { authEventIds, type Pdu } from "../event/pdu.ts";
import type { EventId } from "../ids.ts";
import type { RoomVersion } from "../room-version/room-version.ts";

/** Finds events by ID; also those that are only cited by others. */
export type EventSource = (id: EventId) => Pdu | undefined;

/** An event that the resolution needs is not there. To go on without it could let anything pass. */
export class MissingEventError extends Error {
  readonly eventId: EventId;

  constructor(eventId: EventId) {
    super(`state resolution needs the missing event ${eventId}`);
    this.eventId = eventId;
  }
}

/** The events of one resolution and the edges between them. Asks the source once for each event. */
export class EventGraph {
  readonly version: RoomVersion;
  readonly #source: EventSource;
  readonly #isRejected: (id: EventId) => boolean;
  readonly #events = new Map<EventId, Pdu>();

  constructor(
    version: RoomVersion,
    source: EventSource,
    isRejected: (id: EventId) => boolean = () => false,
  ) {
    this.version = version;
    this.#source = source;
    this.#isRejected = isRejected;
  }

  /** @throws MissingEventError */
  get(id: EventId): Pdu {
    const known = this.#events.get(id);
    if (known !== undefined) return known;
    const event = this.#source(id);
    if (event === undefined) throw new MissingEventError(id);
    this.#events.set(id, event);
    return event;
  }

  authIds(id: EventId): readonly EventId[] {
    return authEventIds(this.get(id));
  }

  /** The event of this type and state key among those that an event cites. */
  cited(event: Pdu, type: string, stateKey: string): EventId | undefined {
    return authEventIds(event).find((id) => {
      const auth = this.get(id);
      return auth.type === type && auth.state_key === stateKey;
    });
  }

  /** The same, as far as it may serve to authorise: rejected events may not. */
  citedForAuth(event: Pdu, type: string, stateKey: string): Pdu | undefined {
    if (this.version.roomIdIsCreateHash && type === "m.room.create" && stateKey === "") {
      return this.createOf(event);
    }
    const id = this.cited(event, type, stateKey);
    return id === undefined || this.#isRejected(id) ? undefined : this.get(id);
  }

  /** The create event, as the event cites it or as its room ID names it. */
  createOf(event: Pdu): Pdu | undefined {
    if (event.type === "m.room.create") return event;
    if (this.version.roomIdIsCreateHash) {
      return event.room_id === undefined ? undefined : this.get(createEventIdOf(event.room_id));
    }
    const id = this.cited(event, "m.room.create", "");
    return id === undefined ? undefined : this.get(id);
  }

  /** The sender's power as the events that it cites have it. */
  senderPower(id: EventId): number {
    const event = this.get(id);
    const levels = this.cited(event, "m.room.power_levels", "");
    const levelsEvent = levels === undefined ? undefined : this.get(levels);
    return levelsFrom(this.version, this.createOf(event), levelsEvent).user(event.sender);
  }
}
