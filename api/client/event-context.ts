import { readContext } from "../../core/timeline/context.ts";
import { userEndpoint } from "../endpoint.ts";
import { eventIdOf, roomIdOf } from "../parse-ids.ts";
import { roomEventFilter, wholeNumber } from "../room-event-filter.ts";

export const getEventContext = userEndpoint({
  operationId: "getEventContext",
  method: "GET",
  path: "/_matrix/client/v3/rooms/{roomId}/context/{eventId}",
  rateLimit: "default",
  handle: async ({ auth, params, query }, services) => {
    const json = await readContext(services, {
      requester: auth,
      room: roomIdOf(params.roomId),
      event: eventIdOf(params.eventId),
      limit: wholeNumber(query, "limit"),
      filter: roomEventFilter(query),
    });
    return { json };
  },
});
