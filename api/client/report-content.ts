import {
  reportEvent as keepEventReport,
  reportRoom as keepRoomReport,
  reportUser as keepUserReport,
} from "../../core/moderation/report.ts";
import { userEndpoint } from "../endpoint.ts";
import { eventIdOf, roomIdOf, textOf, userIdOf } from "../parse-ids.ts";

/** Tells the owner of the server of a room. */
export const reportRoom = userEndpoint({
  operationId: "reportRoom",
  method: "POST",
  path: "/_matrix/client/v3/rooms/{roomId}/report",
  rateLimit: "report",
  bodySchema: "reportRoom",
  handle: async ({ auth, params, body }, services) => {
    const reason = textOf(body["reason"]) ?? "";
    await keepRoomReport(services, { requester: auth, room: roomIdOf(params.roomId), reason });
    return { json: {} };
  },
});

/** Tells the owner of the server of an event in a room that one is in. */
export const reportEvent = userEndpoint({
  operationId: "reportEvent",
  method: "POST",
  path: "/_matrix/client/v3/rooms/{roomId}/report/{eventId}",
  rateLimit: "report",
  bodySchema: "reportEvent",
  handle: async ({ auth, params, body }, services) => {
    await keepEventReport(services, {
      requester: auth,
      room: roomIdOf(params.roomId),
      event: eventIdOf(params.eventId),
      reason: textOf(body["reason"]) ?? "",
    });
    return { json: {} };
  },
});

/** Tells the owner of the server of a user. */
export const reportUser = userEndpoint({
  operationId: "reportUser",
  method: "POST",
  path: "/_matrix/client/v3/users/{userId}/report",
  rateLimit: "report",
  bodySchema: "reportUser",
  handle: async ({ auth, params, body }, services) => {
    const reason = textOf(body["reason"]) ?? "";
    await keepUserReport(services, { requester: auth, user: userIdOf(params.userId), reason });
    return { json: {} };
  },
});
