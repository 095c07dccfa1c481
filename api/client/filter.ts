import { readFilter, storeFilter } from "../../core/user-data/filters.ts";
import { userEndpoint } from "../endpoint.ts";
import { ownUser } from "../own-data.ts";

/** Stores a filter for `/sync`. */
export const defineFilter = userEndpoint({
  operationId: "defineFilter",
  method: "POST",
  path: "/_matrix/client/v3/user/{userId}/filter",
  rateLimit: "default",
  bodySchema: "defineFilter",
  handle: async ({ auth, params, body }, services) => {
    const id = await storeFilter(services, ownUser(auth, params.userId), body);
    return { json: { filter_id: id } };
  },
});

/** A filter that was stored. */
export const getFilter = userEndpoint({
  operationId: "getFilter",
  method: "GET",
  path: "/_matrix/client/v3/user/{userId}/filter/{filterId}",
  rateLimit: "default",
  handle: async ({ auth, params }, services) => ({
    json: await readFilter(services, ownUser(auth, params.userId), params.filterId),
  }),
});
