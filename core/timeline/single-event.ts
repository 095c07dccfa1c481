import type { EventId, RoomId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import type { Requester } from "../services.ts";
import { notFound } from "../errors.ts";
import { presenterFor, requireEvent } from "./access.ts";
import type { TimelineDeps } from "./access.ts";

/**
 * One event that the asker may see.
 * https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomideventeventid
 * @throws MatrixError 404 M_NOT_FOUND
 */
export async function readEvent(
  deps: TimelineDeps,
  request: { readonly requester: Requester; readonly room: RoomId; readonly event: EventId },
): Promise<JsonObject> {
  using snapshot = deps.reader.snapshot();
  const presenter = presenterFor(deps, snapshot, request.requester, request.room);
  const event = requireEvent(deps, presenter, request.event);
  const [shown] = await presenter.timeline([event]);
  if (!shown) throw notFound("There is no such event.");
  return shown;
}
