import type { EventId, RoomId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import type { Requester, Services } from "../services.ts";
import { presenterFor, requireEvent } from "./access.ts";
import type { TimelineDeps } from "./access.ts";
import { descendants, directChildren, inOrder } from "./children.ts";
import { RECURSION_DEPTH } from "./constants.ts";
import { NO_FILTER } from "./event-filter.ts";
import type { EventFilter } from "./event-filter.ts";
import { untilHere } from "./messages.ts";
import { pageLimit, readPage } from "./page.ts";
import type { Rows } from "./page.ts";
import { encodePageToken, parsePageToken } from "./page-token.ts";
import type { Presenter } from "./presenter.ts";

export interface RelationsRequest {
  readonly requester: Requester;
  readonly room: RoomId;
  readonly event: EventId;
  readonly relType: string | undefined;
  readonly eventType: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly direction: "backwards" | "forwards";
  readonly limit: number | undefined;
  readonly recurse: boolean;
}

/**
 * A page of the events that relate to an event. Tokens are those of `/messages`, and mean the same.
 * https://spec.matrix.org/v1.19/client-server-api/#relationships-api
 * @throws MatrixError 400 M_INVALID_PARAM, 404 M_NOT_FOUND
 */
export async function readRelations(
  deps: TimelineDeps & Pick<Services, "notifier" | "timers">,
  request: RelationsRequest,
): Promise<JsonObject> {
  const { requester, room, direction, recurse } = request;
  const given = request.from === undefined ? undefined : parsePageToken(request.from);
  const to = request.to === undefined ? undefined : parsePageToken(request.to);
  if (given) await untilHere(deps, room, given.vector);
  using snapshot = deps.reader.snapshot();
  const presenter = presenterFor(deps, snapshot, requester, room);
  requireEvent(deps, presenter, request.event);
  const page = await readPage(presenter, {
    direction,
    from: given ?? { vector: snapshot.vector },
    to,
    fromOldest: !given && direction === "forwards",
    limit: pageLimit(request.limit),
    filter: typeFilter(request.eventType),
    rows: await rowsOf(presenter, request),
  });
  return {
    chunk: await presenter.timeline(page.events),
    ...(page.end ? { next_batch: encodePageToken(page.end) } : {}),
    ...(request.from === undefined ? {} : { prev_batch: request.from }),
    ...(recurse ? { recursion_depth: RECURSION_DEPTH } : {}),
  };
}

function typeFilter(eventType: string | undefined): EventFilter {
  if (eventType === undefined) return NO_FILTER;
  return { ...NO_FILTER, allows: ({ type }) => type === eventType };
}

async function rowsOf(
  presenter: Presenter,
  { event, relType, eventType, direction, recurse }: RelationsRequest,
): Promise<Rows> {
  if (!recurse) {
    return (from, chunkRows) => {
      return directChildren(presenter, { parent: event, relType }, { direction, from, chunkRows });
    };
  }
  const found = await descendants(presenter, { parent: event, relType, eventType });
  return (from) => inOrder(presenter, found, { direction, from });
}
