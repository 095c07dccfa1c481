import type { DraftPdu } from "../event/pdu.ts";
import { domainOf, isUserIdInEvent } from "../event/user-id.ts";
import type { RoomVersion } from "../room-version/room-version.ts";
import { ROOM_VERSIONS } from "../room-version/table.ts";
import { allowIf } from "./auth-error.ts";

/** Rule 1. https://spec.matrix.org/v1.19/rooms/v12/#authorisation-rules */
export function authoriseCreate(version: RoomVersion, event: DraftPdu): void {
  allowIf(event.prev_events.length === 0, "A create event cannot follow another event");
  if (version.roomIdIsCreateHash) {
    allowIf(event.room_id === undefined, "A create event must not have a room ID");
  } else {
    allowIf(
      event.room_id !== undefined && domainOf(event.room_id) === domainOf(event.sender),
      "The room ID is not of the sender's server",
    );
  }
  const named = event.content["room_version"];
  allowIf(
    named === undefined || (typeof named === "string" && ROOM_VERSIONS.has(named)),
    "The room version is not supported",
  );
  if (version.auth.creatorInContent) {
    allowIf(event.content["creator"] !== undefined, "A create event must name the creator");
  }
  if (version.auth.creatorPower) checkAdditionalCreators(event);
}

function checkAdditionalCreators(event: DraftPdu): void {
  const creators = event.content["additional_creators"];
  if (creators === undefined) return;
  allowIf(
    Array.isArray(creators) && creators.every(isUserIdInEvent),
    "additional_creators must be a list of user IDs",
  );
}
