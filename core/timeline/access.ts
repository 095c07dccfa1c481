import { forbidden, notFound } from "../errors.ts";
import type { EventId, RoomId } from "../ids.ts";
import type { Snapshot } from "../ports.ts";
import { readInRoom } from "../rooms/queries/read-in-room.ts";
import { roomAccess } from "../rooms/queries/readable-state.ts";
import { isForgotten } from "../rooms/queries/forgotten.ts";
import type { Requester, Services } from "../services.ts";
import { events } from "../tables.ts";
import type { StoredEvent } from "../tables.ts";
import { millisecondsOf } from "../transaction/records.ts";
import { Presenter } from "./presenter.ts";

export type TimelineDeps = Pick<Services, "reader" | "documents" | "isCaughtUp" | "now">;

/** Reads of one room for one request, on one snapshot. Close the snapshot after. */
export function presenterFor(
  deps: TimelineDeps,
  snapshot: Snapshot,
  requester: Requester,
  room: RoomId,
): Presenter {
  const options = {
    snapshot,
    docs: deps.documents,
    requester,
    nowMs: millisecondsOf(deps.now()),
    withRoom: true,
  };
  return new Presenter(options, room);
}

/**
 * Lets in who is or was in the room, and everyone where the history is world-readable.
 * @throws MatrixError 403 M_FORBIDDEN, or 503 while this box may not yet know all of the room
 */
export function requireHistoryAccess(
  deps: TimelineDeps,
  snapshot: Snapshot,
  requester: Requester,
  room: RoomId,
): void {
  readInRoom(deps, () => {
    if (roomAccess(deps, snapshot, { room, user: requester.user }) === undefined) {
      throw forbidden("You are not in this room.");
    }
  });
}

/**
 * An event that the asker may see.
 * @throws MatrixError 404 M_NOT_FOUND, whether it does not exist or may not be seen; 503 as above
 */
export function requireEvent(deps: TimelineDeps, presenter: Presenter, id: EventId): StoredEvent {
  const { snapshot, requester } = presenter.options;
  const { room } = presenter.history;
  const { user } = requester;
  return readInRoom(deps, () => {
    const event = snapshot.get(events, [id]);
    const isClosed =
      isForgotten(snapshot, user, room) && roomAccess(deps, snapshot, { room, user }) === undefined;
    if (isClosed || !event || event.room !== room || !presenter.shows(event)) {
      throw notFound("There is no such event, or you may not see it.");
    }
    return event;
  });
}
