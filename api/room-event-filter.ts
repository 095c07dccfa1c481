import { parseInline } from "../core/sync/filter.ts";
import { compileEventFilter, NO_FILTER } from "../core/timeline/event-filter.ts";
import type { EventFilter } from "../core/timeline/event-filter.ts";

/** The `filter` parameter of endpoints that take a RoomEventFilter as JSON. Throws MatrixError 400. */
export function roomEventFilter(query: URLSearchParams): EventFilter {
  const text = query.get("filter");
  return text === null || text === "" ? NO_FILTER : compileEventFilter(parseInline(text));
}

/** A whole number from the query, not below 0; the pipeline has checked that it is one. */
export function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  return text === null ? undefined : Math.max(0, Number(text));
}
