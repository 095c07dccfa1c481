import type { RoomId, UserId } from "../ids.ts";
import type { Snapshot } from "../ports.ts";
import type { Requester, Services } from "../services.ts";
import { Presenter } from "../timeline/presenter.ts";
import type { Origin, Vector } from "../vector.ts";
import { boxOf, incarnationOf, merge } from "../vector.ts";
import type { SyncFilter } from "./filter.ts";
import type { Members } from "./lazy-members.ts";
import type { SyncMemory } from "./memory.ts";
import { News } from "./news.ts";
import type { OwnRoom } from "./own-rooms.ts";
import type { SyncToken } from "./token.ts";
import { includesWhole, intersection } from "./vectors.ts";

export type SyncDeps = Pick<
  Services,
  | "reader"
  | "documents"
  | "runner"
  | "notifier"
  | "ephemeral"
  | "boxes"
  | "timers"
  | "logger"
  | "serverName"
  | "now"
  | "isCaughtUp"
>;

export interface SyncRequest {
  readonly requester: Requester;
  readonly since: SyncToken | undefined;
  readonly filter: SyncFilter;
  readonly fullState: boolean;
  /** `state_after` in place of `state`, by its stable name or by that of the proposal. */
  readonly stateAfter: false | "state_after" | "org.matrix.msc4222.state_after";
}

interface PassParts {
  readonly deps: SyncDeps;
  readonly snapshot: Snapshot;
  readonly request: SyncRequest;
  readonly memory: SyncMemory;
  readonly allRooms: readonly OwnRoom[];
  readonly nowMs: number;
}

/** One look at one snapshot on behalf of one request. */
export class Pass {
  readonly deps: SyncDeps;
  readonly snapshot: Snapshot;
  readonly request: SyncRequest;
  readonly memory: SyncMemory;
  /** The user's rooms, by current membership. */
  readonly allRooms: readonly OwnRoom[];
  /** Those that the filter does not leave out. */
  readonly rooms: readonly OwnRoom[];
  readonly nowMs: number;
  readonly isInitial: boolean;
  readonly news: News;
  /** The client was told, by another box, what is not here yet. */
  readonly isAhead: boolean;
  /** What the client's state may lack; see `SyncToken.stateFloor`. */
  readonly stateDebt: News | undefined;
  /** News of what has one current value, such as account data: told again where it may be out of date. */
  readonly valueNews: News;
  /** What the client knows after this response. */
  readonly reached: Vector;
  /** Read before any ephemeral fact is, so that none falls between. */
  readonly ephemeralSerial: number;
  /** What this look goes by where it leaves members out, and adds to; `lazy-members.ts` begins it. */
  sentMembers: Members | undefined;
  readonly #presenters = new Map<RoomId, Presenter>();

  constructor(parts: PassParts) {
    this.deps = parts.deps;
    this.snapshot = parts.snapshot;
    this.request = parts.request;
    this.memory = parts.memory;
    this.allRooms = parts.allRooms;
    this.rooms = parts.allRooms.filter(({ room }) => parts.request.filter.allowsRoom(room));
    this.nowMs = parts.nowMs;
    this.ephemeralSerial = parts.deps.ephemeral.serial;
    const { since } = parts.request;
    this.isInitial = since === undefined;
    this.news = new News(parts.snapshot, since?.vector);
    this.isAhead = since !== undefined && this.news.isAhead;
    this.stateDebt =
      since?.stateFloor && !this.isAhead ? new News(parts.snapshot, since.stateFloor) : undefined;
    this.valueNews = this.stateDebt ?? this.news;
    this.reached = since ? merge(since.vector, parts.snapshot.vector) : parts.snapshot.vector;
  }

  get user(): UserId {
    return this.request.requester.user;
  }

  presenter(room: RoomId): Presenter {
    let presenter = this.#presenters.get(room);
    if (!presenter) {
      const { requester, filter } = this.request;
      presenter = new Presenter(
        {
          snapshot: this.snapshot,
          docs: this.deps.documents,
          requester,
          nowMs: this.nowMs,
          withRoom: false,
          format: filter.format,
          fields: filter.fields,
        },
        room,
      );
      this.#presenters.set(room, presenter);
    }
    return presenter;
  }

  /**
   * Who is told by a box that lacks a part of the story may be told wrongly of values, and of nothing at
   * all in a room that the box does not know the user to be in. The rest is owed from here on, where both
   * had the same: see `SyncToken.stateFloor`.
   */
  get stateFloor(): Vector | undefined {
    const { since } = this.request;
    if (!since || !this.isAhead) return undefined;
    const here = this.snapshot.vector;
    if (since.stateFloor) return intersection(since.stateFloor, here);
    const hasNews = !includesWhole(this.snapshot, since.vector, here);
    return hasNews ? intersection(since.vector, here) : undefined;
  }

  /** Must the room's state be sent whole, since a box that lagged behind told a part of it? */
  owesState(room: RoomId): boolean {
    return this.stateDebt?.touches(`room:${room}`) ?? false;
  }

  /** This life of this box. */
  get origin(): Origin | undefined {
    let latest: Origin | undefined;
    for (const origin of Object.keys(this.snapshot.vector) as Origin[]) {
      if (boxOf(origin) !== this.deps.boxes.self) continue;
      if (!latest || incarnationOf(origin) > incarnationOf(latest)) latest = origin;
    }
    return latest;
  }

  /** Ephemeral facts with a greater serial are new to the client; 0 when another box counted. */
  get ephemeralSince(): number {
    const place = this.request.since?.ephemeral;
    return place !== undefined && place.origin === this.origin ? place.serial : 0;
  }
}
