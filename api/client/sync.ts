import { sync as runSync } from "../../core/sync/sync.ts";
import type { SyncInput } from "../../core/sync/sync.ts";
import { userEndpoint } from "../endpoint.ts";

const PROPOSED = "org.matrix.msc4222";

/** Clients ask for `state_after` by the name of the proposal until a server says v1.16, some for ever. */
function stateAfter(query: URLSearchParams): SyncInput["stateAfter"] {
  if (query.get("use_state_after") === "true") return "state_after";
  return query.get(`${PROPOSED}.use_state_after`) === "true" && `${PROPOSED}.state_after`;
}

function presence(text: string | null): SyncInput["setPresence"] {
  return text === "offline" || text === "unavailable" ? text : "online";
}

export const sync = userEndpoint({
  operationId: "sync",
  method: "GET",
  path: "/_matrix/client/v3/sync",
  rateLimit: "none",
  handle: async ({ auth, query, signal }, services) => {
    const json = await runSync(services, {
      requester: auth,
      since: query.get("since") ?? undefined,
      filter: query.get("filter") ?? undefined,
      fullState: query.get("full_state") === "true",
      stateAfter: stateAfter(query),
      setPresence: presence(query.get("set_presence")),
      timeoutMs: Number(query.get("timeout") ?? 0),
      signal,
    });
    return { json };
  },
});
