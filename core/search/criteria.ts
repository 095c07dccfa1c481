import { invalidParam } from "../errors.ts";
import { isObject } from "../json.ts";
import type { JsonObject } from "../json.ts";
import { compileEventFilter } from "../timeline/event-filter.ts";
import type { EventFilter } from "../timeline/event-filter.ts";
import {
  SEARCH_CONTEXT_EVENTS_DEFAULT,
  SEARCH_CONTEXT_EVENTS_MAX,
  SEARCH_RESULTS_DEFAULT,
  SEARCH_RESULTS_MAX,
  SEARCH_TERM_CHARACTERS_MAX,
} from "./constants.ts";
import { SEARCH_KEYS } from "./searchable.ts";
import { wordsOf } from "./words.ts";

export type GroupKey = "room_id" | "sender";

/** The `room_events` criteria of a search, compiled. */
export interface Criteria {
  readonly words: readonly string[];
  readonly keys: ReadonlySet<string>;
  readonly filter: EventFilter;
  readonly order: "recent" | "rank";
  readonly limit: number;
  readonly context: ContextWanted | undefined;
  readonly groupBy: readonly GroupKey[];
  readonly includeState: boolean;
}

export interface ContextWanted {
  readonly before: number;
  readonly after: number;
  readonly withProfiles: boolean;
}

/**
 * Compiles criteria that the endpoint's schema let through.
 * @throws MatrixError 400 M_BAD_JSON for a wrong filter, 400 M_INVALID_PARAM
 */
export function parseCriteria(json: JsonObject): Criteria {
  const term = json["search_term"];
  if (typeof term !== "string" || term.length > SEARCH_TERM_CHARACTERS_MAX) {
    throw invalidParam(`'search_term' may have ${SEARCH_TERM_CHARACTERS_MAX} characters at most.`);
  }
  const filter = compileEventFilter(json["filter"]);
  const { keys } = json;
  return {
    words: wordsOf(term),
    keys: new Set(Array.isArray(keys) ? (keys as readonly string[]) : SEARCH_KEYS),
    filter,
    order: json["order_by"] === "recent" ? "recent" : "rank",
    // A page without room for a result would lead nowhere.
    limit: Math.max(1, Math.min(filter.limit ?? SEARCH_RESULTS_DEFAULT, SEARCH_RESULTS_MAX)),
    context: contextWanted(json["event_context"]),
    groupBy: groupKeys(json["groupings"]),
    includeState: json["include_state"] === true,
  };
}

function contextWanted(json: unknown): ContextWanted | undefined {
  if (!isObject(json)) return undefined;
  return {
    before: contextLimit(json["before_limit"]),
    after: contextLimit(json["after_limit"]),
    withProfiles: json["include_profile"] === true,
  };
}

function contextLimit(value: unknown): number {
  if (typeof value !== "number") return SEARCH_CONTEXT_EVENTS_DEFAULT;
  return Math.max(0, Math.min(value, SEARCH_CONTEXT_EVENTS_MAX));
}

function groupKeys(json: unknown): GroupKey[] {
  const groups = isObject(json) ? json["group_by"] : undefined;
  if (!Array.isArray(groups)) return [];
  const keys = groups.flatMap((group: unknown) => (isObject(group) ? [group["key"]] : []));
  return (["room_id", "sender"] as const).filter((key) => keys.includes(key));
}
