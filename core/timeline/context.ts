import type { EventId, RoomId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import type { Requester } from "../services.ts";
import type { StoredEvent } from "../tables.ts";
import { presenterFor, requireEvent, requireHistoryAccess } from "./access.ts";
import type { TimelineDeps } from "./access.ts";
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
  const at = positionOf(event);
  const { vector } = snapshot;
  const read = (direction: PageRequest["direction"], count: number): Promise<Page> => {
    const side = direction === "backwards" ? "before" : "after";
    const from = { point: { side, at }, vector } as const;
    return readPage(presenter, { direction, from, to: undefined, limit: count, filter });
  };
  const before = await read("backwards", Math.ceil(limit / 2));
  const after = await read("forwards", Math.floor(limit / 2));
  const first = before.events.at(-1) ?? event;
  const last = after.events.at(-1) ?? event;
  const [shown] = await presenter.timeline([event]);
  const around = [...before.events, event, ...after.events];
  return {
    start: encodePageToken({ point: { side: "before", at: positionOf(first) }, vector }),
    end: encodePageToken({ point: { side: "after", at: positionOf(last) }, vector }),
    event: shown,
    events_before: await presenter.timeline(before.events),
    events_after: await presenter.timeline(after.events),
    state: presenter.state(stateAt(presenter, last, around, filter)),
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
