import { createHmac } from "node:crypto";
import { forbidden, invalidParam, MatrixError } from "../errors.ts";
import type { RoomId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import type { Env } from "../ports.ts";
import { runInRoom } from "../rooms/commands/run-in-room.ts";
import type { RoomDeps } from "../rooms/commands/run-in-room.ts";
import { requireJoined } from "../rooms/queries/room-facts.ts";
import type { Requester, Services } from "../services.ts";
import type { Draft } from "../transaction/draft.ts";
import { millisecondsOf } from "../transaction/records.ts";
import { delayedOf, dueMs, readDelayed } from "./delayed-event.ts";

/** Longest delay: a month's notice, milliseconds. */
export const DELAY_MS_MAX = 30 * 24 * 3_600_000;
/** Events that one user may have scheduled: one for each call and device, and messages for later. */
export const SCHEDULED_MAX = 100;
/** What is over can be looked up for this long, milliseconds (the proposal recommends a week). */
const KEPT_MS = 7 * 24 * 3_600_000;
/** Of one user's that are over, how many can be looked up: each request to schedule looks through them. */
export const OVER_MAX = 200;
/** Of those that are over for longer, or are more, how many one request forgets. */
const FORGOTTEN_AT_ONCE_MAX = 100;
const COLLECTIONS = ["delayed", "delayed_since", "delayed_end"] as const;

export interface ScheduleInput {
  readonly requester: Pick<Requester, "user" | "device">;
  readonly room: RoomId;
  readonly type: string;
  readonly stateKey?: string;
  readonly content: JsonObject;
  readonly delayMs: number;
  /** Where the request has one: repeating it is the same delayed event, on whatever box. */
  readonly txnId?: string;
}

/** Command: schedules an event, and forgets others that are over for long. */
export function schedule(
  draft: Draft,
  input: ScheduleInput & { readonly id: string; readonly forget: readonly string[] },
  env: Env,
): void {
  const { requester, room, type, stateKey, content, delayMs, id } = input;
  requireJoined(draft, room, requester.user);
  if (readDelayed(draft, id)) return;
  for (const old of input.forget) {
    for (const collection of COLLECTIONS) draft.putFact(collection, [old], undefined);
  }
  draft.putFact("delayed", [id], {
    user: requester.user,
    device: requester.device,
    room,
    type,
    ...(stateKey === undefined ? {} : { state_key: stateKey }),
    content,
    delay_ms: delayMs,
    ms: millisecondsOf(env.time),
  });
}

/**
 * Schedules an event; returns its delay ID.
 * @throws MatrixError 400 M_INVALID_PARAM, 403 M_FORBIDDEN for a delay that is too long, 429
 */
export async function scheduleEvent(
  deps: RoomDeps & Pick<Services, "reader" | "random" | "tokenKeys" | "now">,
  input: ScheduleInput,
): Promise<string> {
  const { requester, delayMs } = input;
  if (!Number.isSafeInteger(delayMs) || delayMs <= 0) {
    throw invalidParam("The delay must be a positive number of milliseconds.");
  }
  if (delayMs > DELAY_MS_MAX) throw forbidden(`The delay must not exceed ${DELAY_MS_MAX} ms.`);
  const id = delayIdFor(deps, input);
  using snapshot = deps.reader.snapshot();
  const nowMs = millisecondsOf(deps.now());
  const own = await delayedOf(snapshot, requester.user);
  const scheduled = own.filter(({ ending }) => !ending);
  if (scheduled.length >= SCHEDULED_MAX && !own.some((event) => event.id === id)) {
    const nextMs = Math.min(...scheduled.map(dueMs)) - nowMs;
    throw new MatrixError(429, "M_LIMIT_EXCEEDED", "You have scheduled too many events.", {
      retry_after_ms: Math.max(1000, nextMs),
    });
  }
  const forget = own
    .flatMap(({ id: old, ending }) => (ending ? [{ old, ts: ending.ts }] : []))
    .toSorted((a, b) => b.ts - a.ts)
    .filter(({ ts }, i) => i >= OVER_MAX || ts < nowMs - KEPT_MS)
    .slice(-FORGOTTEN_AT_ONCE_MAX)
    .map(({ old }) => old);
  await runInRoom(deps, schedule, { ...input, id, forget });
  return id;
}

/** Who has the ID may send or cancel the event, so it cannot be guessed. */
function delayIdFor(
  { random, tokenKeys }: Pick<Services, "random" | "tokenKeys">,
  { requester, room, type, txnId }: ScheduleInput,
): string {
  const [key] = tokenKeys;
  if (txnId === undefined || !key) return Buffer.from(random.bytes(24)).toString("base64url");
  const name = JSON.stringify(["delayed", requester.user, requester.device, room, type, txnId]);
  return createHmac("sha256", key.key).update(name).digest("base64url").slice(0, 32);
}
