import type { Vector } from "../vector.ts";
import { covers } from "../vector.ts";
import type { StoredEvent } from "../tables.ts";
import {
  PAGE_EVENTS_DEFAULT,
  PAGE_EVENTS_MAX,
  PAGE_SCAN_MAX,
  SCAN_CHUNK_ROWS,
} from "./constants.ts";
import type { EventFilter } from "./event-filter.ts";
import { lowestUncovered } from "./log-floor.ts";
import type { PageToken, Point } from "./page-token.ts";
import { comparePositions } from "./position.ts";
import type { Presenter } from "./presenter.ts";
import type { Row } from "./walk.ts";
import { walk } from "./walk.ts";

/** Rows from a point on, or from the end that lies behind. */
export type Rows = (start: Point | undefined, chunkRows: number) => AsyncIterable<Row>;

export interface PageRequest {
  readonly direction: "backwards" | "forwards";
  readonly from: PageToken;
  readonly to: PageToken | undefined;
  /** Forwards from the oldest event on, whatever `from` covers. */
  readonly fromOldest?: boolean;
  readonly limit: number;
  readonly filter: EventFilter;
  /** Where the events come from, in the order of the direction; the room's timeline when absent. */
  readonly rows?: Rows;
  /** May the event be on the page, as far as the filter and the user's sight do not say? */
  readonly accepts?: (event: StoredEvent) => Promise<boolean>;
}

export interface Page {
  /** In the order of the direction. */
  readonly events: readonly StoredEvent[];
  /** Where to go on; absent when there is nothing more. */
  readonly end: (PageToken & { readonly point: Point }) | undefined;
}

export function pageLimit(asked: number | undefined): number {
  return Math.min(asked ?? PAGE_EVENTS_DEFAULT, PAGE_EVENTS_MAX);
}

/** One page of what the user may see, in the order that every box computes alike. */
export async function readPage(presenter: Presenter, request: PageRequest): Promise<Page> {
  const { snapshot } = presenter.options;
  const { room } = presenter.history;
  const { direction, limit, filter, accepts } = request;
  const rows = request.rows ?? ((start, chunk) => walk(snapshot, room, direction, start, chunk));
  const plan = await planOf(presenter, request);
  const events: StoredEvent[] = [];
  if (plan === "nothing") return { events, end: undefined };
  let scanned = 0;
  let last: Row | undefined;
  const chunk = Math.min(limit + 1, SCAN_CHUNK_ROWS);
  for await (const row of rows(plan.start, chunk)) {
    if (plan.isBeyond(row)) return { events, end: undefined };
    if (events.length === limit || scanned === PAGE_SCAN_MAX) {
      return { events, end: endToken(request, last ?? row, last !== undefined, plan.vector) };
    }
    scanned++;
    last = row;
    const event = plan.wants(row) ? presenter.history.event(row.at.id) : undefined;
    if (!event || !filter.allows(event.pdu) || !presenter.shows(event)) continue;
    if (!accepts || (await accepts(event))) events.push(event);
  }
  return { events, end: undefined };
}

interface Plan {
  readonly start: Point | undefined;
  readonly vector: Vector;
  wants(row: Row): boolean;
  isBeyond(row: Row): boolean;
}

async function planOf(presenter: Presenter, request: PageRequest): Promise<Plan | "nothing"> {
  const { snapshot } = presenter.options;
  const { room } = presenter.history;
  const { direction, from, to } = request;
  const forwards = direction === "forwards";
  const onlyUncovered = leavesOutCovered(request);
  const onlyCovered = !forwards && !from.onlyUncovered;
  let start = from.point;
  if (onlyUncovered && !start) {
    const lowest = await lowestUncovered(snapshot, room, from.vector);
    if (!lowest) return "nothing";
    start = { side: "before", at: lowest };
  }
  const stop = await stopOf(presenter, request);
  if (stop === "at once") return "nothing";
  return {
    start,
    vector: from.vector,
    wants: ({ dot }) => {
      if (onlyUncovered && covers(from.vector, dot)) return false;
      if (onlyCovered && !covers(from.vector, dot)) return false;
      return !to || to.point !== undefined || covers(to.vector, dot) === forwards;
    },
    isBeyond: ({ at }) => stop !== undefined && isBeyond(stop, at, forwards),
  };
}

/** `to` ends the page. A sync token ends it backwards below the last event that it does not cover. */
async function stopOf(
  presenter: Presenter,
  { direction, to }: PageRequest,
): Promise<Point | "at once" | undefined> {
  if (!to || to.point) return to?.point;
  if (direction === "forwards") return undefined;
  const { snapshot } = presenter.options;
  const lowest = await lowestUncovered(snapshot, presenter.history.room, to.vector);
  return lowest ? { side: "before", at: lowest } : "at once";
}

/** Does going in the direction lead from the point to the position? */
export function isBeyond(stop: Point, at: Row["at"], forwards: boolean): boolean {
  const order = comparePositions(at, stop.at);
  if (order === 0) return (stop.side === "before") === forwards;
  return forwards ? order > 0 : order < 0;
}

/** From a sync token forwards lies what it does not cover; backwards, what it does. */
function leavesOutCovered({ direction, from, fromOldest }: PageRequest): boolean {
  if (direction === "backwards" || fromOldest) return false;
  return from.onlyUncovered === true || !from.point;
}

function endToken(
  request: PageRequest,
  row: Row,
  isPassed: boolean,
  vector: Vector,
): PageToken & { readonly point: Point } {
  const forwards = request.direction === "forwards";
  const onlyUncovered = leavesOutCovered(request);
  // Without a row that was passed, the page ended before the first: `limit` is 0.
  const side = forwards === isPassed ? "after" : "before";
  return { point: { side, at: row.at }, vector, ...(onlyUncovered ? { onlyUncovered } : {}) };
}
