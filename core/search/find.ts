import type { RoomId } from "../ids.ts";
import { events } from "../tables.ts";
import type { StoredEvent } from "../tables.ts";
import { positionOf } from "../timeline/position.ts";
import type { Position } from "../timeline/position.ts";
import type { Presenter } from "../timeline/presenter.ts";
import type { Snapshot } from "../ports.ts";
import { covers } from "../vector.ts";
import { SEARCH_RANKED_MAX, SEARCH_SCAN_EVENTS_MAX } from "./constants.ts";
import type { Criteria } from "./criteria.ts";
import { newestFirst } from "./newest-first.ts";
import type { SearchToken } from "./search-token.ts";
import { searchableText } from "./searchable.ts";
import { rankOf } from "./words.ts";

export interface Match {
  readonly event: StoredEvent;
  readonly rank: number;
}

/** What a search found in one request. */
export interface Found {
  /** In the order that was asked for. */
  readonly page: readonly Match[];
  /** How many matches were seen; more may lie further back. */
  readonly count: number;
  readonly next: SearchToken | undefined;
}

/** How far one request goes: events looked at, and matches that are ranked against each other. */
export interface SearchLimits {
  readonly scanned: number;
  readonly ranked: number;
}

const LIMITS: SearchLimits = { scanned: SEARCH_SCAN_EVENTS_MAX, ranked: SEARCH_RANKED_MAX };

/** Where one request looks. */
export interface Ground {
  readonly snapshot: Snapshot;
  readonly rooms: readonly RoomId[];
  presenter(room: RoomId): Presenter;
}

/**
 * Looks through the events that the user may see, newest first, as far as one request may. The best
 * come first among those that were looked through together: the next page has older ones.
 */
export async function find(
  ground: Ground,
  criteria: Criteria,
  from: SearchToken,
  { scanned, ranked: rankedMax }: SearchLimits = LIMITS,
): Promise<Found> {
  const { order, limit } = criteria;
  const wanted = order === "recent" ? limit + 1 : rankedMax;
  const { matches, end } = await scan(ground, criteria, from, { scanned, ranked: wanted });
  if (order === "recent") return recentPage(matches, limit, end, from);
  const ranked = matches.toSorted((a, b) => b.rank - a.rank);
  const told = from.told + limit;
  const next = told < ranked.length ? { ...from, told } : end && { ...from, before: end, told: 0 };
  return { page: ranked.slice(from.told, told), count: ranked.length, next };
}

function recentPage(
  matches: readonly Match[],
  limit: number,
  end: Position | undefined,
  from: SearchToken,
): Found {
  const page = matches.slice(0, limit);
  const last = page.at(-1)?.event;
  const isMore = matches.length > limit && last !== undefined;
  const before = isMore ? positionOf(last) : end;
  return { page, count: matches.length, next: before && { ...from, before, told: 0 } };
}

/** `end` is where to go on; undefined when all was looked through. */
async function scan(
  { snapshot, rooms, presenter }: Ground,
  { words, keys, filter }: Criteria,
  from: SearchToken,
  limits: SearchLimits,
): Promise<{ readonly matches: Match[]; readonly end: Position | undefined }> {
  const matches: Match[] = [];
  if (words.length === 0) return { matches, end: undefined };
  let scanned = 0;
  for await (const { room, ts, depth, id, dot } of newestFirst(snapshot, rooms, from.before)) {
    scanned++;
    const event = covers(from.vector, dot) ? snapshot.get(events, [id]) : undefined;
    const text = event && filter.allows(event.pdu) ? searchableText(event.pdu, keys) : undefined;
    const rank = text === undefined ? 0 : rankOf(words, text);
    if (event && rank > 0 && presenter(room).shows(event)) matches.push({ event, rank });
    if (matches.length === limits.ranked || scanned === limits.scanned) {
      return { matches, end: { ts, depth, id } };
    }
  }
  return { matches, end: undefined };
}
