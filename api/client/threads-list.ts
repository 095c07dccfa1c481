import { readThreads } from "../../core/timeline/threads.ts";
import { userEndpoint } from "../endpoint.ts";
import { roomIdOf } from "../parse-ids.ts";
import { wholeNumber } from "../room-event-filter.ts";

export const getThreadRoots = userEndpoint({
  operationId: "getThreadRoots",
  method: "GET",
  path: "/_matrix/client/v1/rooms/{roomId}/threads",
  rateLimit: "default",
  handle: async ({ auth, params, query }, services) => {
    const json = await readThreads(services, {
      requester: auth,
      room: roomIdOf(params.roomId),
      onlyParticipated: query.get("include") === "participated",
      from: query.get("from") ?? undefined,
      limit: wholeNumber(query, "limit"),
    });
    return { json };
  },
});
