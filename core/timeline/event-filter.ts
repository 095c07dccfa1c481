import { badJson } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { isObject } from "../json.ts";
import { matchesGlob } from "./glob.ts";

/** What a filter looks at. Account data has no sender. */
export interface Filterable {
  readonly type: string;
  readonly sender?: string;
  readonly content?: JsonObject;
}

/** A compiled `EventFilter` or `RoomEventFilter`. */
export interface EventFilter {
  readonly limit: number | undefined;
  readonly lazyLoadMembers: boolean;
  readonly includeRedundantMembers: boolean;
  readonly unreadThreadNotifications: boolean;
  allows(event: Filterable): boolean;
  allowsRoom(room: string): boolean;
}

/** Names that one list of a filter may hold; matching is linear in them. */
const FILTER_NAMES_MAX = 1000;

export const NO_FILTER: EventFilter = {
  limit: undefined,
  lazyLoadMembers: false,
  includeRedundantMembers: false,
  unreadThreadNotifications: false,
  allows: () => true,
  allowsRoom: () => true,
};

/**
 * Compiles a filter from a client. Throws MatrixError 400 M_BAD_JSON.
 * https://spec.matrix.org/v1.19/client-server-api/#filtering
 */
export function compileEventFilter(json: unknown): EventFilter {
  if (json === undefined) return NO_FILTER;
  if (!isObject(json)) throw badJson("A filter must be an object.");
  const types = names(json, "types");
  const notTypes = names(json, "not_types") ?? [];
  const senders = asSet(names(json, "senders"));
  const notSenders = asSet(names(json, "not_senders"));
  const containsUrl = flag(json, "contains_url");
  return {
    limit: limitOf(json),
    lazyLoadMembers: flag(json, "lazy_load_members") ?? false,
    includeRedundantMembers: flag(json, "include_redundant_members") ?? false,
    unreadThreadNotifications: flag(json, "unread_thread_notifications") ?? false,
    allows({ type, sender, content }) {
      if (types && !types.some((pattern) => matchesGlob(pattern, type))) return false;
      if (notTypes.some((pattern) => matchesGlob(pattern, type))) return false;
      if (sender !== undefined && senders?.has(sender) === false) return false;
      if (sender !== undefined && notSenders?.has(sender)) return false;
      return containsUrl === undefined || containsUrl === (typeof content?.["url"] === "string");
    },
    allowsRoom: roomRule(json),
  };
}

/** The `rooms` and `not_rooms` of a filter. */
export function roomRule(json: JsonObject): (room: string) => boolean {
  const rooms = asSet(names(json, "rooms"));
  const notRooms = asSet(names(json, "not_rooms"));
  return (room) => rooms?.has(room) !== false && !notRooms?.has(room);
}

export function flag(json: JsonObject, name: string): boolean | undefined {
  const value = json[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "boolean") throw badJson(`${name} of a filter must be true or false.`);
  return value;
}

export function names(json: JsonObject, name: string): readonly string[] | undefined {
  const value = json[name];
  if (value === undefined || value === null) return undefined;
  const fits = Array.isArray(value) && value.length <= FILTER_NAMES_MAX;
  if (!fits || !value.every((item) => typeof item === "string")) {
    throw badJson(`${name} of a filter must be a list of at most ${FILTER_NAMES_MAX} strings.`);
  }
  return value as readonly string[];
}

function limitOf(json: JsonObject): number | undefined {
  const { limit } = json;
  if (limit === undefined || limit === null) return undefined;
  if (typeof limit !== "number" || !Number.isSafeInteger(limit) || limit < 0) {
    throw badJson("limit of a filter must be a whole number.");
  }
  return limit;
}

function asSet(list: readonly string[] | undefined): ReadonlySet<string> | undefined {
  return list && new Set(list);
}
