import type { JsonObject } from "../../core/json.ts";
import type { Requester, Services } from "../../core/services.ts";
import { sync } from "../../core/sync/sync.ts";
import type { SyncInput } from "../../core/sync/sync.ts";

/** What a plain `/sync` answers at once; `options`: what else is asked for. */
export function syncOnce(
  services: Services,
  requester: Requester,
  since: string | undefined,
  options: Partial<SyncInput> = {},
): Promise<JsonObject> {
  return sync(services, {
    requester,
    since,
    filter: undefined,
    fullState: false,
    stateAfter: false,
    setPresence: "offline",
    timeoutMs: 0,
    signal: new AbortController().signal,
    ...options,
  });
}
