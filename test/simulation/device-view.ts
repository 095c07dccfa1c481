import type { EventId, RoomId, UserId } from "../../core/ids.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import { isObject } from "../../core/json.ts";
import { fields, memberships } from "../../core/tables.ts";
import type { Services } from "../../core/services.ts";
import { sync } from "../../core/sync/sync.ts";
import { parseSyncToken } from "../../core/sync/token.ts";
import { includes } from "../../core/vector.ts";
import type { SimBox } from "./sim-box.ts";
import type { SimClient } from "./sim-client.ts";

/** So many that no timeline is ever limited in a run. */
const FILTER = JSON.stringify({ room: { timeline: { limit: 200 } } });

interface Told {
  readonly event_id: EventId;
  readonly type: string;
  readonly state_key?: string;
}

/** A box may change what a device is told, to prove that it would be noticed. */
export type Tamper = (response: JsonObject) => JsonObject;

/** A numbered to-device message that arrived. */
export interface Direct {
  readonly n: number;
  /** The box that gave it lacked a part of what the device had been told before. */
  readonly byLaggard: boolean;
}

/** What one device was told by its syncs, and whether that was right. */
export class DeviceView {
  readonly client: SimClient;
  since: string | undefined;
  readonly seen = new Map<RoomId, Set<EventId>>();
  /** Events that came more than once. */
  readonly repeated: EventId[] = [];
  /** Room state as a client keeps it from `state_after`. */
  readonly state = new Map<RoomId, Map<string, EventId>>();
  /** What the device takes its user for in each room that it was told of. */
  readonly own = new Map<RoomId, RoomSection>();
  /** Account data and receipts as last told, by what they are of. */
  readonly values = new Map<string, string>();
  /** The to-device messages from each device, in the order of their arrival. */
  readonly direct = new Map<string, Direct[]>();
  /** Device keys as fetched when the user was in `device_lists.changed`. */
  readonly keys = new Map<UserId, string>();
  /** Rooms in which a box that lagged behind did not know the user to be. */
  readonly #hidden = new Set<RoomId>();
  readonly #violate: (rule: string, what: string) => void;
  readonly #note: (what: string) => void;
  readonly #tamper: Tamper;
  /** Events of rooms whose timelines must be exact. */
  readonly #isExact: boolean;

  constructor(
    client: SimClient,
    options: {
      readonly exact: boolean;
      readonly violate: (rule: string, what: string) => void;
      readonly note: (what: string) => void;
      readonly tamper?: Tamper | undefined;
    },
  ) {
    this.client = client;
    this.#isExact = options.exact;
    this.#violate = options.violate;
    this.#note = options.note;
    this.#tamper = options.tamper ?? ((response) => response);
  }

  /** One sync; true when it was answered. `quiet` tells whether there was nothing new. */
  async sync(timeoutMs: number, box?: SimBox): Promise<"lost" | "news" | "quiet"> {
    const before = this.since;
    const hangUp = new AbortController();
    const outcome = await this.client.once(
      "sync",
      async (services, requester) => {
        const byLaggard = before !== undefined && lags(services, before);
        if (byLaggard) this.#noteHidden(services);
        const response = await sync(services, {
          requester,
          since: before,
          filter: FILTER,
          fullState: false,
          stateAfter: "state_after",
          setPresence: "offline",
          timeoutMs,
          signal: hangUp.signal,
        });
        return { response: this.#tamper(response), services, byLaggard };
      },
      ...(box ? [box] : []),
    );
    hangUp.abort(ANSWERED);
    if (outcome.kind !== "ok") return "lost";
    const { response, services, byLaggard } = outcome.value;
    this.#take(response, services, before === undefined);
    for (const message of listAt(objectAt(response, "to_device"), "events")) {
      this.#takeDirect(objectAt(message, "content"), byLaggard);
    }
    this.since = String(response["next_batch"]);
    return Object.keys(response).some((key) => NEWS.has(key)) ? "news" : "quiet";
  }

  #take(response: JsonObject, services: Services, isFirst: boolean): void {
    for (const section of SECTIONS) {
      const parts = objectAt(objectAt(response, "rooms"), section);
      for (const room of Object.keys(parts)) this.own.set(room as RoomId, section);
    }
    const joined = objectAt(objectAt(response, "rooms"), "join");
    for (const [room, part] of Object.entries(joined)) {
      this.#takeRoom(room as RoomId, part as JsonObject, isFirst);
    }
    for (const event of listAt(objectAt(response, "account_data"), "events")) {
      this.values.set(`data ${event["type"]}`, JSON.stringify(event["content"]));
    }
    const changed = objectAt(response, "device_lists")["changed"];
    for (const user of isFirst ? [] : Array.isArray(changed) ? changed : []) {
      this.keys.set(user as UserId, deviceKeysOf(services, user as UserId));
    }
  }

  #takeRoom(room: RoomId, part: JsonObject, isFirst: boolean): void {
    const seen = this.seen.get(room) ?? new Set();
    this.seen.set(room, seen);
    const timeline = objectAt(part, "timeline");
    const isAnew = timeline["limited"] === true && this.#hidden.delete(room);
    if (this.#isExact && !isFirst && !isAnew && timeline["limited"] === true) {
      this.#violate("sync", `${this.client.name} got a limited timeline`);
    }
    // After a gap a client begins the timeline anew.
    for (const event of listAt(timeline, "events") as unknown as Told[]) {
      if (this.#isExact && !isAnew && seen.has(event.event_id)) this.repeated.push(event.event_id);
      seen.add(event.event_id);
    }
    this.#takeReceipts(room, part);
    const state = this.state.get(room) ?? new Map<string, EventId>();
    this.state.set(room, state);
    for (const event of listAt(objectAt(part, "state_after"), "events") as unknown as Told[]) {
      this.#note(`${this.client.name} got ${event.event_id} as ${event.type} ${event.state_key}`);
      state.set(`${event.type}\u001f${event.state_key ?? ""}`, event.event_id);
    }
  }

  #noteHidden({ reader }: Services): void {
    using snapshot = reader.snapshot();
    for (const room of this.seen.keys()) {
      const own = snapshot.get(memberships, [this.client.user, room]);
      if (own?.membership !== "join") this.#hidden.add(room);
    }
  }

  #takeReceipts(room: RoomId, part: JsonObject): void {
    for (const event of listAt(objectAt(part, "ephemeral"), "events")) {
      if (event["type"] !== "m.receipt") continue;
      for (const [id, types] of Object.entries(objectAt(event, "content"))) {
        for (const user of Object.keys(objectAt(types, "m.read"))) {
          this.#note(`${this.client.name} got the receipt ${id} of ${user}`);
          this.values.set(receiptOf(room, user), id);
        }
      }
    }
  }

  #takeDirect(content: JsonObject, byLaggard: boolean): void {
    const { from, n } = content;
    if (typeof from !== "string" || typeof n !== "number") return;
    this.direct.set(from, [...(this.direct.get(from) ?? []), { n, byLaggard }]);
    this.#note(`${this.client.name} got direct ${n}`);
  }
}

const SECTIONS = ["join", "invite", "knock", "leave"] as const;
export type RoomSection = (typeof SECTIONS)[number];

/** A reason of one's own costs less than the one that is made up without. */
const ANSWERED = new Error("answered");

const NEWS: ReadonlySet<string> = new Set(["rooms", "to_device", "device_lists", "account_data"]);

/** The name of a receipt among `DeviceView.values`. */
export function receiptOf(room: RoomId, user: string): string {
  return `receipt ${room} ${user}`;
}

/** Does a box lack a part of what the token says that its client was told? */
function lags(services: Services, token: string): boolean {
  using snapshot = services.reader.snapshot();
  return !includes(snapshot.vector, parseSyncToken(token).vector);
}

function objectAt(parent: Json | undefined, key: string): JsonObject {
  const value = isObject(parent) ? parent[key] : undefined;
  return isObject(value) ? value : {};
}

function listAt(parent: JsonObject, key: string): JsonObject[] {
  const value = parent[key];
  return Array.isArray(value) ? (value as JsonObject[]) : [];
}

/** The user's published device keys as the box has them. */
export function deviceKeysOf(services: Services, user: UserId): string {
  return JSON.stringify(
    services.reader.get(fields, [`user:${user}`, "device_keys", "MAIN"]) ?? null,
  );
}
