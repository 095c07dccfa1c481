import { readMessages } from "../../core/timeline/messages.ts";
import { userEndpoint } from "../endpoint.ts";
import { roomIdOf } from "../parse-ids.ts";
import { roomEventFilter, wholeNumber } from "../room-event-filter.ts";

export const getRoomEvents = userEndpoint({
  operationId: "getRoomEvents",
  method: "GET",
  path: "/_matrix/client/v3/rooms/{roomId}/messages",
  rateLimit: "default",
  handle: async ({ auth, params, query }, services) => {
    const json = await readMessages(services, {
      requester: auth,
      room: roomIdOf(params.roomId),
      from: query.get("from") ?? undefined,
      to: query.get("to") ?? undefined,
      direction: query.get("dir") === "f" ? "forwards" : "backwards",
      limit: wholeNumber(query, "limit"),
      filter: roomEventFilter(query),
    });
    return { json };
  },
});
