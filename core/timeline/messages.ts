import type { EventId, RoomId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import type { Requester, Services } from "../services.ts";
import { includes } from "../vector.ts";
import type { Vector } from "../vector.ts";
import { CATCH_UP_MS } from "./constants.ts";
import type { StoredEvent } from "../tables.ts";
import { encodeSyncToken } from "../sync/token.ts";
import { presenterFor, requireHistoryAccess } from "./access.ts";
import type { TimelineDeps } from "./access.ts";
import type { EventFilter } from "./event-filter.ts";
import { pageLimit, readPage } from "./page.ts";
import type { PageToken } from "./page-token.ts";
import { encodePageToken, parsePageToken } from "./page-token.ts";
import type { Presenter } from "./presenter.ts";

export interface MessagesRequest {
  readonly requester: Requester;
  readonly room: RoomId;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly direction: "backwards" | "forwards";
  readonly limit: number | undefined;
  readonly filter: EventFilter;
}

/**
 * A page of a room's history.
 * https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidmessages
 */
export async function readMessages(
  deps: TimelineDeps & Pick<Services, "notifier" | "timers">,
  request: MessagesRequest,
): Promise<JsonObject> {
  const { requester, room, direction, filter } = request;
  const given = request.from === undefined ? undefined : parsePageToken(request.from);
  const to = request.to === undefined ? undefined : parsePageToken(request.to);
  if (given) await untilHere(deps, room, given.vector);
  using snapshot = deps.reader.snapshot();
  requireHistoryAccess(deps, snapshot, requester, room);
  const presenter = presenterFor(deps, snapshot, requester, room);
  const from: PageToken = given ?? { vector: snapshot.vector };
  const fromOldest = !given && direction === "forwards";
  const limit = pageLimit(request.limit ?? filter.limit);
  const page = filter.allowsRoom(room)
    ? await readPage(presenter, { direction, from, to, fromOldest, limit, filter })
    : { events: [], end: undefined };
  const chunk = await presenter.timeline(page.events);
  const state = filter.lazyLoadMembers ? sendersOf(presenter, page.events) : [];
  return {
    start: request.from ?? encodeSyncToken({ vector: from.vector }),
    ...(page.end ? { end: encodePageToken(page.end) } : {}),
    chunk,
    ...(state.length > 0 ? { state: presenter.state(state) } : {}),
  };
}

/**
 * A token may come from a box that is a moment ahead; what it covers and is not here would be missing
 * from the page for good. After a short wait the page shows what there is: the other box may be gone.
 */
export async function untilHere(
  deps: Pick<Services, "reader" | "notifier" | "timers">,
  room: RoomId,
  vector: Vector,
): Promise<void> {
  const endMs = deps.timers.elapsed() + CATCH_UP_MS;
  const isHere = (): boolean => {
    using snapshot = deps.reader.snapshot();
    return includes(snapshot.vector, vector);
  };
  while (!isHere()) {
    const stop = new AbortController();
    const leftMs = endMs - deps.timers.elapsed();
    if (leftMs <= 0) return;
    const touched = deps.notifier.wait([`room:${room}`], leftMs, stop.signal);
    if (isHere()) return stop.abort();
    await touched;
  }
}

/** The member events of the senders, as of the newest event of each. */
export function sendersOf(presenter: Presenter, events: readonly StoredEvent[]): StoredEvent[] {
  const newest = new Map<string, StoredEvent>();
  for (const event of events) {
    const { sender } = event.pdu;
    const known = newest.get(sender);
    if (!known || known.pdu.depth < event.pdu.depth) newest.set(sender, event);
  }
  const ids = new Set<EventId>();
  for (const [sender, event] of newest) {
    const id = presenter.history.after(event, "m.room.member", sender);
    if (id !== undefined) ids.add(id);
  }
  return [...ids].flatMap((id) => presenter.history.event(id) ?? []);
}
