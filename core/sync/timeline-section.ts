import type { StoredEvent } from "../tables.ts";
import { PAGE_SCAN_MAX, SCAN_CHUNK_ROWS } from "../timeline/constants.ts";
import type { EventFilter } from "../timeline/event-filter.ts";
import type { Point } from "../timeline/page-token.ts";
import { encodePageToken } from "../timeline/page-token.ts";
import { positionOf } from "../timeline/position.ts";
import type { Position } from "../timeline/position.ts";
import type { Presenter } from "../timeline/presenter.ts";
import { walk } from "../timeline/walk.ts";
import {
  INITIAL_SCAN_ROWS_MAX,
  TIMELINE_EVENTS_DEFAULT,
  TIMELINE_EVENTS_MAX,
} from "./constants.ts";
import type { Pass } from "./pass.ts";
import type { RoomNews } from "./room-news.ts";

/** A room's part of the timeline in one response. */
export interface RoomTimeline {
  /** In the order of the timeline. */
  readonly events: readonly StoredEvent[];
  readonly limited: boolean;
  /** Where `/messages` goes on backwards. */
  readonly prevBatch: string | undefined;
}

type Wants = (event: StoredEvent) => boolean;

function limitOf(filter: EventFilter): number {
  return Math.min(filter.limit ?? TIMELINE_EVENTS_DEFAULT, TIMELINE_EVENTS_MAX);
}

/** The newest of the events that the client was not told of. */
export async function newTimeline(
  pass: Pass,
  presenter: Presenter,
  news: RoomNews,
  wants: Wants,
): Promise<RoomTimeline> {
  // What was not read of one box may lie between events of another. The room's own order has no such hole.
  if (!news.complete) {
    const options = { from: undefined, chunkRows: SCAN_CHUNK_ROWS, onlyNew: true };
    return { ...(await walkBack(pass, presenter, wants, options)), limited: true };
  }
  const filter = pass.request.filter.timeline;
  const limit = limitOf(filter);
  const newestFirst: StoredEvent[] = [];
  let limited = false;
  for (const { id } of news.events.toReversed()) {
    const event = presenter.history.event(id);
    if (!event || !filter.allows(event.pdu) || !wants(event)) continue;
    if (newestFirst.length === limit) {
      limited = true;
      break;
    }
    newestFirst.push(event);
  }
  return finish(pass, newestFirst, limited, news.events.at(-1));
}

/** The newest events up to a point, whether or not the client was told of them. */
export async function recentTimeline(
  pass: Pass,
  presenter: Presenter,
  from: Point | undefined,
  wants: Wants,
): Promise<RoomTimeline> {
  const chunkRows = limitOf(pass.request.filter.timeline) + 1;
  return walkBack(pass, presenter, wants, { from, chunkRows, onlyNew: false });
}

/** Looks at a bounded number of events; of those that the client knows only the rows are read. */
async function walkBack(
  pass: Pass,
  presenter: Presenter,
  wants: Wants,
  { from, chunkRows, onlyNew }: { from: Point | undefined; chunkRows: number; onlyNew: boolean },
): Promise<RoomTimeline> {
  const filter = pass.request.filter.timeline;
  const limit = limitOf(filter);
  const { room } = presenter.history;
  const newestFirst: StoredEvent[] = [];
  let limited = false;
  let rows = 0;
  let scanned = 0;
  let newest: Position | undefined;
  for await (const { at, dot } of walk(pass.snapshot, room, "backwards", from, chunkRows)) {
    newest ??= at;
    limited = ++rows > PAGE_SCAN_MAX;
    if (limited) break;
    if (onlyNew && !pass.news.isNew(dot)) continue;
    const event = presenter.history.event(at.id);
    if (event && filter.allows(event.pdu) && wants(event)) {
      limited = newestFirst.length === limit;
      if (limited) break;
      newestFirst.push(event);
    }
    limited = ++scanned === INITIAL_SCAN_ROWS_MAX;
    if (limited) break;
  }
  return finish(pass, newestFirst, limited, newest);
}

function finish(
  pass: Pass,
  newestFirst: readonly StoredEvent[],
  limited: boolean,
  newest: Position | undefined,
): RoomTimeline {
  const first = newestFirst.at(-1);
  // Without an event to stand before, pages start after the newest one that was passed over.
  const point: Point | undefined = first
    ? { side: "before", at: positionOf(first) }
    : newest && { side: "after", at: { depth: newest.depth, ts: newest.ts, id: newest.id } };
  return {
    events: newestFirst.toReversed(),
    limited,
    prevBatch: point && encodePageToken({ point, vector: pass.reached }),
  };
}
