import type { Logger, Timers } from "../../core/ports.ts";
import { boxOf, incarnationOf, ofBox } from "../../core/vector.ts";
import type { Origin } from "../../core/vector.ts";
import { PAUSED_KEY } from "../store/mesh-keys.ts";
import type { StateStore } from "../store/overlay.ts";
import type { Store } from "../store/store.ts";
import { readVector } from "./positions.ts";

/** Lives of a box that its vector names before the next ones take time: daily restarts of half a year that nobody confirmed. */
export const OPEN_LIVES_MAX = 200;
/** Each one beyond them makes the next life wait so much longer after the last one began, milliseconds. */
export const PAUSE_STEP_MS = 10_000;
/** Longest pause, milliseconds: a box that dies at once needs twelve days to its 2,000th life, two months to its 8,000th. */
export const PAUSE_MS_MAX = 600_000;

/** The life after which a box pauses, and for how long. */
export interface Pause {
  readonly after: Origin;
  readonly ms: number;
}

/**
 * How long to wait before one more life. Every start makes one, and it is named in all vectors until all
 * boxes have confirmed it, which takes longer than a box lives that dies soon after each start. A vector that
 * names too many is read by nobody. `last`: the newest life of the box.
 */
export function pauseBeforeLife(
  store: Store,
  last: Origin | undefined,
  nowMs: number,
): Pause | undefined {
  if (last === undefined || store.get(PAUSED_KEY) === last) return undefined;
  const open = Object.keys(ofBox(boxOf(last), readVector(store))).length;
  const fullMs = Math.min(PAUSE_MS_MAX, Math.max(0, open - OPEN_LIVES_MAX) * PAUSE_STEP_MS);
  // By a clock that is behind, the last life has yet to begin, and the time since is not known.
  const sinceMs = Math.max(0, nowMs - incarnationOf(last));
  const ms = fullMs - sinceMs;
  return ms > 0 ? { after: last, ms } : undefined;
}

export interface PauseDeps {
  readonly state: StateStore;
  readonly timers: Timers;
  readonly logger: Logger;
}

/** Notes when the pause is over, so that the next start does not ask a wrong clock again, then calls `over`. */
export function takePause(
  { state, timers, logger }: PauseDeps,
  { after, ms }: Pause,
  over: () => void,
): { cancel(): void } {
  logger.warn(
    { wait_s: Math.ceil(ms / 1000), last_life: after },
    "this box ended soon after each of many starts; it waits before it goes on",
  );
  const note = async (): Promise<void> => {
    const stage = state.begin();
    stage.raw(PAUSED_KEY, after);
    await state.commit(stage);
  };
  return timers.after(ms, () => {
    note()
      .catch((error: unknown) => logger.warn({ err: error }, "the end of a pause was not noted"))
      .finally(over);
  });
}
