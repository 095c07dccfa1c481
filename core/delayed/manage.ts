import { MatrixError, notFound } from "../errors.ts";
import type { EventId, UserId } from "../ids.ts";
import type { Env } from "../ports.ts";
import { runInRoom } from "../rooms/commands/run-in-room.ts";
import { send } from "../rooms/commands/send-message.ts";
import { setState } from "../rooms/commands/set-state.ts";
import type { Services } from "../services.ts";
import type { Draft } from "../transaction/draft.ts";
import { millisecondsOf } from "../transaction/records.ts";
import { unlessBehind } from "../user-data/missing.ts";
import type { DelayedEvent } from "./delayed-event.ts";
import { dueMs, readDelayed } from "./delayed-event.ts";

export const ACTIONS = ["send", "cancel", "restart"] as const;
export type Action = (typeof ACTIONS)[number];

type Deps = Pick<Services, "reader" | "runner" | "isCaughtUp" | "timers">;

/**
 * Command: sends a delayed event, once: that it was sent is noted with it. Two boxes that do so without
 * seeing each other make one message, as for a repeated request. Undefined when it is over or not due.
 */
export function sendDelayed(
  draft: Draft,
  input: { readonly id: string; readonly when: "due" | "now" },
  env: Env,
): EventId | undefined {
  const delayed = readDelayed(draft, input.id);
  const nowMs = millisecondsOf(env.time);
  if (!delayed || delayed.ending) return undefined;
  if (input.when === "due" && nowMs < dueMs(delayed)) return undefined;
  const event = sendAs(draft, delayed, env);
  draft.putFact("delayed_end", [input.id], { ts: nowMs, event });
  return event;
}

function sendAs(draft: Draft, delayed: DelayedEvent, env: Env): EventId {
  const { id, user, device, room, type, stateKey, content } = delayed;
  if (stateKey !== undefined) {
    return setState(draft, { room, sender: user, type, stateKey, content }, env);
  }
  const requester = { user, device };
  const message = { requester, room, type, content, txnId: id, endpoint: "delayed" } as const;
  return send(draft, { ...message, duplicate: false }, env);
}

/** Command: starts the delay anew; false when it is over. */
export function restartDelayed(draft: Draft, { id }: { readonly id: string }, env: Env): boolean {
  const delayed = readDelayed(draft, id);
  if (!delayed || delayed.ending) return false;
  draft.putFact("delayed_since", [id], { ms: millisecondsOf(env.time) });
  return true;
}

/**
 * Command: ends a delayed event that was not sent; `error` says why, unless somebody wanted it. False
 * when it was over before.
 */
export function endDelayed(
  draft: Draft,
  { id, error }: { readonly id: string; readonly error?: MatrixError },
  env: Env,
): boolean {
  const delayed = readDelayed(draft, id);
  if (!delayed || delayed.ending) return false;
  const reason = error ? { error: { errcode: error.errcode, error: error.message } } : {};
  draft.putFact("delayed_end", [id], { ts: millisecondsOf(env.time), ...reason });
  return true;
}

/** @throws MatrixError 404 M_NOT_FOUND, also for another user's. Without a user the ID is enough. */
export function requireDelayed(
  deps: Pick<Services, "reader" | "isCaughtUp" | "timers">,
  id: string,
  user: UserId | undefined,
): Promise<DelayedEvent> {
  return unlessBehind(deps, () => {
    const delayed = readDelayed(deps.reader, id);
    if (!delayed || (user !== undefined && delayed.user !== user)) {
      throw notFound("There is no such delayed event.");
    }
    return delayed;
  });
}

/**
 * https://github.com/matrix-org/matrix-spec-proposals/pull/4140
 * @throws MatrixError 404 M_NOT_FOUND, 409 M_UNKNOWN when it ended otherwise, and what sending throws
 */
export async function manageDelayed(
  deps: Deps,
  input: { readonly id: string; readonly action: Action; readonly user: UserId | undefined },
): Promise<void> {
  const { id, action } = input;
  const look = (): Promise<DelayedEvent> => requireDelayed(deps, id, input.user);
  let delayed = await look();
  if (!delayed.ending) {
    if (await act(deps, action, id)) return;
    // It ended after the look.
    delayed = await look();
  }
  const outcome: Action = delayed.ending?.event === undefined ? "cancel" : "send";
  if (outcome === action) return;
  throw new MatrixError(409, "M_UNKNOWN", "The delayed event is over already.");
}

/** False when it is over. */
async function act(deps: Deps, action: Action, id: string): Promise<boolean> {
  switch (action) {
    case "send":
      return (await runInRoom(deps, sendDelayed, { id, when: "now" })) !== undefined;
    case "cancel":
      return deps.runner.run(endDelayed, { id });
    case "restart":
      return deps.runner.run(restartDelayed, { id });
  }
}
