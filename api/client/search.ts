import { isObject } from "../../core/json.ts";
import { searchRoomEvents } from "../../core/search/search.ts";
import { userEndpoint } from "../endpoint.ts";

export const search = userEndpoint({
  operationId: "search",
  method: "POST",
  path: "/_matrix/client/v3/search",
  rateLimit: "default",
  bodySchema: "search",
  handle: async ({ auth, query, body }, services) => {
    const categories = body["search_categories"];
    const roomEvents = isObject(categories) ? categories["room_events"] : undefined;
    if (!isObject(roomEvents)) return { json: { search_categories: {} } };
    const found = await searchRoomEvents(services, {
      requester: auth,
      roomEvents,
      nextBatch: query.get("next_batch") ?? undefined,
    });
    return { json: { search_categories: { room_events: found } } };
  },
});
