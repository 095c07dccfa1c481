import { spaceHierarchy } from "../../core/directory/space-hierarchy.ts";
import { userEndpoint } from "../endpoint.ts";
import { roomIdOf } from "../parse-ids.ts";
import { wholeNumber } from "../room-event-filter.ts";

export const getSpaceHierarchy = userEndpoint({
  operationId: "getSpaceHierarchy",
  method: "GET",
  path: "/_matrix/client/v1/rooms/{roomId}/hierarchy",
  rateLimit: "default",
  handle: async ({ auth, params, query }, services) => {
    const json = await spaceHierarchy(services, {
      room: roomIdOf(params.roomId),
      user: auth.user,
      suggestedOnly: query.get("suggested_only") === "true",
      maxDepth: wholeNumber(query, "max_depth"),
      limit: wholeNumber(query, "limit"),
      from: query.get("from") ?? undefined,
    });
    return { json };
  },
});
