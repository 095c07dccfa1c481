import type { UserId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import type { Services } from "../services.ts";
import type { DelayedEvent } from "./delayed-event.ts";
import { delayedOf, dueMs } from "./delayed-event.ts";

/** As clients see it. The proposal renamed members; clients in use read the names of several drafts. */
export function describeDelayed(delayed: DelayedEvent): JsonObject {
  const { id, room, type, stateKey, content, delayMs, sinceMs, ending } = delayed;
  return {
    delay_id: id,
    room_id: room,
    type,
    ...(stateKey === undefined ? {} : { state_key: stateKey }),
    content,
    delay_ms: delayMs,
    scheduled_at: sinceMs,
    delay: delayMs,
    running_since: sinceMs,
    ...(ending ? { finalised_ts: ending.ts } : {}),
    ...(ending?.event === undefined ? {} : { event_id: ending.event }),
    ...(ending?.error === undefined ? {} : { error: ending.error }),
  };
}

/** Those of a user that are scheduled, in the order in which they will be sent. */
export async function listDelayed(
  deps: Pick<Services, "reader">,
  user: UserId,
): Promise<JsonObject[]> {
  using snapshot = deps.reader.snapshot();
  return (await delayedOf(snapshot, user))
    .filter(({ ending }) => !ending)
    .toSorted((a, b) => dueMs(a) - dueMs(b))
    .map(describeDelayed);
}
