import type { EventId, UserId } from "../ids.ts";
import { memberships } from "../tables.ts";
import type { StoredEvent } from "../tables.ts";
import { MEMBERSHIP_CHAIN_MAX } from "./constants.ts";
import { comparePositions, positionOf } from "./position.ts";
import type { Position } from "./position.ts";
import type { RoomHistory } from "./room-history.ts";

/** How far a user's time in the room reaches: still in it, until a position, or never joined. */
type Stay = "now" | Position | undefined;

/**
 * What one user may see of one room: each event is judged by the state at its own place.
 * https://spec.matrix.org/v1.19/client-server-api/#room-history-visibility
 */
export class Viewer {
  readonly user: UserId;
  readonly history: RoomHistory;
  #stay: { readonly until: Stay } | undefined;

  constructor(history: RoomHistory, user: UserId) {
    this.history = history;
    this.user = user;
  }

  /** The user's membership just after the event; `leave` when there is none. */
  membershipAt(event: StoredEvent): string {
    return this.#membershipIn(this.history.after(event, "m.room.member", this.user));
  }

  canSee(event: StoredEvent): boolean {
    const { pdu } = event;
    if (this.#allows(this.#visibilityAfter(event), this.membershipAt(event), event)) return true;
    if (pdu.type === "m.room.history_visibility" && pdu.state_key === "") {
      const before = this.history.before(event, pdu.type, "");
      return this.#allows(this.#visibilityIn(before), this.membershipAt(event), event);
    }
    if (pdu.type === "m.room.member" && pdu.state_key === this.user) {
      const before = this.#membershipIn(this.history.before(event, pdu.type, this.user));
      return this.#allows(this.#visibilityAfter(event), before, event);
    }
    return false;
  }

  #allows(visibility: string, membership: string, event: StoredEvent): boolean {
    if (visibility === "world_readable" || membership === "join") return true;
    if (visibility === "shared") return this.#joinedAfter(event);
    return visibility === "invited" && membership === "invite";
  }

  #visibilityAfter(event: StoredEvent): string {
    return this.#visibilityIn(this.history.after(event, "m.room.history_visibility", ""));
  }

  #visibilityIn(id: EventId | undefined): string {
    const value = this.history.content(id)?.["history_visibility"];
    return value === "world_readable" || value === "invited" || value === "joined"
      ? value
      : "shared";
  }

  #membershipIn(id: EventId | undefined): string {
    const membership = this.history.content(id)?.["membership"];
    return typeof membership === "string" ? membership : "leave";
  }

  #joinedAfter(event: StoredEvent): boolean {
    this.#stay ??= { until: this.#findStay() };
    const { until } = this.#stay;
    if (until === undefined || until === "now") return until === "now";
    return comparePositions(positionOf(event), until) < 0;
  }

  #findStay(): Stay {
    const entry = this.history.view.get(memberships, [this.user, this.history.room]);
    if (!entry) return undefined;
    if (entry.membership === "join") return "now";
    let event = this.history.event(entry.event);
    for (let i = 0; event && i < MEMBERSHIP_CHAIN_MAX; i++) {
      const before = this.history.before(event, "m.room.member", this.user);
      if (this.#membershipIn(before) === "join") return positionOf(event);
      event = before === undefined ? undefined : this.history.event(before);
    }
    return undefined;
  }
}
