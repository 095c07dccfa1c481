import { notFound } from "../errors.ts";
import type { RoomId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import type { Snapshot } from "../ports.ts";
import { REFUSALS } from "../rooms/queries/read-in-room.ts";
import type { Requester, Services } from "../services.ts";
import { eventsByTime } from "../tables.ts";
import { unlessBehind } from "../user-data/missing.ts";
import { presenterFor, requireHistoryAccess } from "./access.ts";
import type { TimelineDeps } from "./access.ts";
import { PAGE_SCAN_MAX, SCAN_CHUNK_ROWS } from "./constants.ts";
import type { Position } from "./position.ts";

export interface EventAtTimeRequest {
  readonly requester: Requester;
  readonly room: RoomId;
  /** Milliseconds since 1970, not below 0. */
  readonly ts: number;
  readonly direction: "backwards" | "forwards";
}

/**
 * The visible event nearest to a time, at or after it (forwards) or at or before it.
 * https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidtimestamp_to_event
 * @throws MatrixError 403 M_FORBIDDEN, 404 M_NOT_FOUND
 */
export function readEventAtTime(
  deps: TimelineDeps & Pick<Services, "timers">,
  request: EventAtTimeRequest,
): Promise<JsonObject> {
  return unlessBehind(deps, () => nearestEvent(deps, request), REFUSALS);
}

async function nearestEvent(deps: TimelineDeps, request: EventAtTimeRequest): Promise<JsonObject> {
  const { requester, room, ts, direction } = request;
  using snapshot = deps.reader.snapshot();
  requireHistoryAccess(deps, snapshot, requester, room);
  const presenter = presenterFor(deps, snapshot, requester, room);
  let scanned = 0;
  for await (const at of fromTime(snapshot, request)) {
    const event = presenter.history.event(at.id);
    if (event && presenter.shows(event)) {
      return { event_id: event.id, origin_server_ts: event.pdu.origin_server_ts };
    }
    if (++scanned === PAGE_SCAN_MAX) break;
  }
  throw notFound(`Unable to find an event from ${ts} ${direction}.`);
}

async function* fromTime(
  snapshot: Snapshot,
  { room, ts, direction }: EventAtTimeRequest,
): AsyncGenerator<Position> {
  const reverse = direction === "backwards";
  // Times are keys, and those are safe integers; the bounds are exclusive.
  const first = Math.min(ts, Number.MAX_SAFE_INTEGER - 1);
  let bound: readonly (string | number)[] | undefined = [reverse ? first + 1 : first - 1];
  if (!reverse && first === 0) bound = undefined;
  for (;;) {
    const rows = await snapshot.range(eventsByTime, {
      prefix: [room],
      ...(bound ? (reverse ? { before: bound } : { after: bound }) : {}),
      reverse,
      limit: SCAN_CHUNK_ROWS,
    });
    for (const [[, rowTs, depth, id]] of rows) {
      bound = [rowTs, depth, id];
      yield { depth, ts: rowTs, id };
    }
    if (rows.length < SCAN_CHUNK_ROWS) return;
  }
}
