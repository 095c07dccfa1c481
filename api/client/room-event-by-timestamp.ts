import { readEventAtTime } from "../../core/timeline/event-at-time.ts";
import { userEndpoint } from "../endpoint.ts";
import { roomIdOf } from "../parse-ids.ts";
import { wholeNumber } from "../room-event-filter.ts";

export const getEventByTimestamp = userEndpoint({
  operationId: "getEventByTimestamp",
  method: "GET",
  path: "/_matrix/client/v1/rooms/{roomId}/timestamp_to_event",
  rateLimit: "default",
  handle: async ({ auth, params, query }, services) => {
    const json = await readEventAtTime(services, {
      requester: auth,
      room: roomIdOf(params.roomId),
      ts: wholeNumber(query, "ts") ?? 0,
      direction: query.get("dir") === "f" ? "forwards" : "backwards",
    });
    return { json };
  },
});
