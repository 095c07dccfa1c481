import type { DeviceId, EventId, RoomId, UserId } from "../ids.ts";
import type { Json, JsonObject } from "../json.ts";
import { isObject } from "../json.ts";
import type { Snapshot, View } from "../ports.ts";
import { delayedEvents, puts } from "../tables.ts";
import type { Origin } from "../vector.ts";

/** Events of one user that are looked through: 300 on each of seven boxes that are apart, and what ends meanwhile. */
const OF_ONE_USER_MAX = 3000;
/** Rows that are read at once; other requests go in between. */
const ROWS_AT_ONCE = 500;

/** How it ended: sent, failed, or, with neither, cancelled. */
export interface Ending {
  /** Milliseconds since 1970. */
  readonly ts: number;
  readonly event?: EventId;
  readonly error?: JsonObject;
}

/**
 * An event to be sent later.
 * https://github.com/matrix-org/matrix-spec-proposals/pull/4140
 */
export interface DelayedEvent {
  readonly id: string;
  readonly user: UserId;
  readonly device: DeviceId;
  readonly room: RoomId;
  readonly type: string;
  readonly stateKey?: string;
  readonly content: JsonObject;
  readonly delayMs: number;
  /** When it was scheduled or last restarted, milliseconds since 1970. */
  readonly sinceMs: number;
  /** Who scheduled or last restarted it. */
  readonly origin: Origin;
  /** Absent while it is scheduled. */
  readonly ending?: Ending;
}

export function dueMs({ sinceMs, delayMs }: DelayedEvent): number {
  return sinceMs + delayMs;
}

/** Undefined when there is none, or its record was not written by a version of this software. */
export function readDelayed(view: View, id: string): DelayedEvent | undefined {
  const scheduled = view.get(puts, ["delayed", id]);
  const value = scheduled?.value;
  if (!scheduled || !isObject(value)) return undefined;
  const { user, device, room, type, state_key: stateKey, content, delay_ms: delayMs } = value;
  const restarted = view.get(puts, ["delayed_since", id]);
  const ms = isObject(restarted?.value) ? restarted.value["ms"] : value["ms"];
  if (typeof user !== "string" || typeof device !== "string" || typeof room !== "string") {
    return undefined;
  }
  if (typeof type !== "string" || !isObject(content)) return undefined;
  if (typeof delayMs !== "number" || typeof ms !== "number") return undefined;
  const ending = endingOf(view.get(puts, ["delayed_end", id])?.value);
  return {
    id,
    user: user as UserId,
    device: device as DeviceId,
    room: room as RoomId,
    type,
    ...(typeof stateKey === "string" ? { stateKey } : {}),
    content,
    delayMs,
    sinceMs: ms,
    origin: (restarted ?? scheduled).origin,
    ...(ending ? { ending } : {}),
  };
}

function endingOf(value: Json | undefined): Ending | undefined {
  if (!isObject(value)) return undefined;
  const { ts, event, error } = value;
  return {
    ts: typeof ts === "number" ? ts : 0,
    ...(typeof event === "string" ? { event: event as EventId } : {}),
    ...(isObject(error) ? { error } : {}),
  };
}

/** Every delayed event that is known, those that are over included, but for those that were forgotten. */
export function allDelayed(snapshot: Snapshot): AsyncGenerator<DelayedEvent> {
  return inTable(snapshot, []);
}

/** Those of one user. */
export async function delayedOf(snapshot: Snapshot, user: UserId): Promise<DelayedEvent[]> {
  const found: DelayedEvent[] = [];
  for await (const delayed of inTable(snapshot, [user])) {
    if (found.push(delayed) >= OF_ONE_USER_MAX) break;
  }
  return found;
}

async function* inTable(
  snapshot: Snapshot,
  prefix: readonly UserId[],
): AsyncGenerator<DelayedEvent> {
  let after: readonly string[] = [];
  for (;;) {
    const rows = await snapshot.range(delayedEvents, {
      prefix,
      ...(after.length > 0 ? { after } : {}),
      limit: ROWS_AT_ONCE,
    });
    for (const [[, id]] of rows) {
      const delayed = readDelayed(snapshot, id);
      if (delayed) yield delayed;
    }
    const last = rows.at(-1);
    if (!last || rows.length < ROWS_AT_ONCE) return;
    after = last[0].slice(prefix.length);
  }
}
