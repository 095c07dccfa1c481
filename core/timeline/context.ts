import type { EventId, RoomId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import type { Requester } from "../services.ts";
import type { StoredEvent } from "../tables.ts";
import { presenterFor, requireEvent, requireHistoryAccess } from "./access.ts";
import type { TimelineDeps } from "./access.ts";
import { NO_FILTER } from "./event-filter.ts";
import type { EventFilter } from "./event-filter.ts";
import { sendersOf } from "./messages.ts";
import { pageLimit, readPage } from "./page.ts";
import type { Page, PageRequest } from "./page.ts";
import { encodePageToken } from "./page-token.ts";
import { positionOf } from "./position.ts";
import type { Presenter } from "./presenter.ts";

export interface ContextRequest {
  readonly requester: Requester;
  readonly room: RoomId;
  readonly event: EventId;
  /** Of the events before and after together. */
  readonly limit: number | undefined;
  readonly filter: EventFilter;
}

/**
 * What happened around an event.
 * https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidcontexteventid
 */
export async function readContext(
  deps: TimelineDeps,
  request: ContextRequest,
): Promise<JsonObject> {
  const { requester, room, filter } = request;
  using snapshot = deps.reader.snapshot();
  requireHistoryAccess(deps, snapshot, requester, room);
  const presenter = presenterFor(deps, snapshot, requester, room);
  const event = requireEvent(deps, presenter, request.event);
  const limit = pageLimit(request.limit ?? filter.limit);
  const counts = { before: Math.ceil(limit / 2), after: Math.floor(limit / 2) };
  const { before, after, start, end } = await eventsAround(presenter, event, counts, filter);
  const [shown] = await presenter.timeline([event]);
  const around = [...before, event, ...after];
  return {
    start,
    end,
    event: shown,
    events_before: await presenter.timeline(before),
    events_after: await presenter.timeline(after),
    state: presenter.state(stateAt(presenter, after.at(-1) ?? event, around, filter)),
  };
}

/** What the user may see before an event, newest first, and after it; tokens to go on from. */
export async function eventsAround(
  presenter: Presenter,
  event: StoredEvent,
  counts: { readonly before: number; readonly after: number },
  filter: EventFilter = NO_FILTER,
): Promise<{
  readonly before: readonly StoredEvent[];
  readonly after: readonly StoredEvent[];
  readonly start: string;
  readonly end: string;
}> {
  const { vector } = presenter.options.snapshot;
  const at = positionOf(event);
  const read = (direction: PageRequest["direction"], limit: number): Promise<Page> => {
    const side = direction === "backwards" ? "before" : "after";
    const from = { point: { side, at }, vector } as const;
    return readPage(presenter, { direction, from, to: undefined, limit, filter });
  };
  const { events: before } = await read("backwards", counts.before);
  const { events: after } = await read("forwards", counts.after);
  const first = positionOf(before.at(-1) ?? event);
  const last = positionOf(after.at(-1) ?? event);
  return {
    before,
    after,
    start: encodePageToken({ point: { side: "before", at: first }, vector }),
    end: encodePageToken({ point: { side: "after", at: last }, vector }),
  };
}

/** The state at the last event; with lazy loading only the members who speak. */
function stateAt(
  presenter: Presenter,
  last: StoredEvent,
  around: readonly StoredEvent[],
  filter: EventFilter,
): StoredEvent[] {
  const { history } = presenter;
  const found: StoredEvent[] = filter.lazyLoadMembers ? sendersOf(presenter, around) : [];
  for (const [, id] of history.stateAfter(last).entries()) {
    const event = history.event(id);
    if (!event || (filter.lazyLoadMembers && event.pdu.type === "m.room.member")) continue;
    found.push(event);
  }
  return found.filter((event) => filter.allows(event.pdu));
}
