import { readRelations } from "../../core/timeline/relations.ts";
import type { RelationsRequest } from "../../core/timeline/relations.ts";
import type { Requester } from "../../core/services.ts";
import { userEndpoint } from "../endpoint.ts";
import { eventIdOf, roomIdOf } from "../parse-ids.ts";
import { wholeNumber } from "../room-event-filter.ts";

/** What the three paths have in common. */
function relationsRequest(
  requester: Requester,
  query: URLSearchParams,
  params: {
    readonly roomId: string;
    readonly eventId: string;
    readonly relType?: string;
    readonly eventType?: string;
  },
): RelationsRequest {
  return {
    requester,
    room: roomIdOf(params.roomId),
    event: eventIdOf(params.eventId),
    relType: params.relType,
    eventType: params.eventType,
    from: query.get("from") ?? undefined,
    to: query.get("to") ?? undefined,
    direction: query.get("dir") === "f" ? "forwards" : "backwards",
    limit: wholeNumber(query, "limit"),
    recurse: query.get("recurse") === "true",
  };
}

export const getRelatingEvents = userEndpoint({
  operationId: "getRelatingEvents",
  method: "GET",
  path: "/_matrix/client/v1/rooms/{roomId}/relations/{eventId}",
  rateLimit: "default",
  handle: async ({ auth, params, query }, services) => {
    return { json: await readRelations(services, relationsRequest(auth, query, params)) };
  },
});

export const getRelatingEventsWithRelType = userEndpoint({
  operationId: "getRelatingEventsWithRelType",
  method: "GET",
  path: "/_matrix/client/v1/rooms/{roomId}/relations/{eventId}/{relType}",
  rateLimit: "default",
  handle: async ({ auth, params, query }, services) => {
    return { json: await readRelations(services, relationsRequest(auth, query, params)) };
  },
});

export const getRelatingEventsWithRelTypeAndEventType = userEndpoint({
  operationId: "getRelatingEventsWithRelTypeAndEventType",
  method: "GET",
  path: "/_matrix/client/v1/rooms/{roomId}/relations/{eventId}/{relType}/{eventType}",
  rateLimit: "default",
  handle: async ({ auth, params, query }, services) => {
    return { json: await readRelations(services, relationsRequest(auth, query, params)) };
  },
});
