import type { JsonObject } from "../json.ts";
import type { WakeTopic } from "../ports.ts";
import type { PresenceState } from "../presence/presence.ts";
import type { Requester } from "../services.ts";
import { millisecondsOf } from "../transaction/records.ts";
import { SYNC_TIMEOUT_MS_MAX } from "./constants.ts";
import { requestedFilter } from "./filter.ts";
import { memoryOf } from "./memory.ts";
import { ownRooms } from "./own-rooms.ts";
import { Pass } from "./pass.ts";
import type { SyncDeps, SyncRequest } from "./pass.ts";
import { keepPresence } from "./presence-section.ts";
import { respond, topicsOf } from "./respond.ts";
import type { SyncResponse } from "./respond.ts";
import { acknowledgeGiven } from "./to-device-section.ts";
import { parseSyncToken } from "./token.ts";

export interface SyncInput {
  readonly requester: Requester;
  readonly since: string | undefined;
  /** A filter ID or JSON text. */
  readonly filter: string | undefined;
  readonly fullState: boolean;
  readonly stateAfter: SyncRequest["stateAfter"];
  readonly setPresence: PresenceState;
  readonly timeoutMs: number;
  /** Ends the wait; the answer is then for nobody. */
  readonly signal: AbortSignal;
}

/**
 * Tells a client what it does not know, at once or as soon as there is something.
 * https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3sync
 * @throws MatrixError 400 M_INVALID_PARAM or M_BAD_JSON, 503
 */
export async function sync(deps: SyncDeps, input: SyncInput): Promise<JsonObject> {
  const { requester } = input;
  const request: SyncRequest = {
    requester,
    since:
      input.since === undefined || input.since === "" ? undefined : parseSyncToken(input.since),
    filter: requestedFilter(deps.reader, requester, input.filter, () => deps.isCaughtUp()),
    fullState: input.fullState,
    stateAfter: input.stateAfter,
  };
  keepPresence(deps, memoryOf(deps.reader), requester.user, input.setPresence);
  const endMs = deps.timers.elapsed() + Math.min(Math.max(input.timeoutMs, 0), SYNC_TIMEOUT_MS_MAX);
  const left = (): number => endMs - deps.timers.elapsed();
  let look = await lookOnce(deps, request, { isFirst: true, mayWait: left() > 0 });
  while (!look.response.isNews && left() > 0 && !input.signal.aborted) {
    look = await lookAndWait(deps, request, look, left(), input.signal);
  }
  return look.response.json;
}

interface Look {
  readonly response: SyncResponse;
  /** What to wait for; empty where there will be no wait. */
  readonly topics: readonly WakeTopic[];
}

/** Listens first and looks again then, so that nothing falls between a look and the wait. */
async function lookAndWait(
  deps: SyncDeps,
  request: SyncRequest,
  before: Look,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Look> {
  const stop = new AbortController();
  const wait = deps.notifier.wait(before.topics, timeoutMs, AbortSignal.any([signal, stop.signal]));
  try {
    const look = await lookOnce(deps, request, { isFirst: false, mayWait: true });
    if (look.response.isNews || !(await wait)) return look;
    return await lookOnce(deps, request, { isFirst: false, mayWait: true });
  } finally {
    stop.abort();
  }
}

async function lookOnce(
  deps: SyncDeps,
  request: SyncRequest,
  { isFirst, mayWait }: { readonly isFirst: boolean; readonly mayWait: boolean },
): Promise<Look> {
  const memory = memoryOf(deps.reader);
  using snapshot = deps.reader.snapshot();
  const allRooms = await ownRooms(snapshot, memory, request.requester.user);
  const nowMs = millisecondsOf(deps.now());
  const pass = new Pass({ deps, snapshot, request, memory, allRooms, nowMs });
  if (isFirst) await acknowledgeGiven(pass);
  const response = await respond(pass);
  return { response, topics: response.isNews || !mayWait ? [] : await topicsOf(pass) };
}
