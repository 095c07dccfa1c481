import type { MeshNode } from "../../mesh/mesh-node.ts";
import { systemTimers } from "../timers.ts";

/** Clients wait this long at most for a box that starts to catch up with the others, milliseconds. */
const CATCH_UP_WAIT_MS_MAX = 1000;
/** From one look to the next, milliseconds; each costs microseconds. */
const LOOK_INTERVAL_MS = 10;

/**
 * Gives a starting box a moment to catch up before it answers clients: what it missed would otherwise
 * be missing from its first answers, and what it takes would come before it. Boxes that are not linked
 * have had their time in the greetings.
 */
export async function catchUp({ replicator }: MeshNode, stopping: AbortSignal): Promise<void> {
  const giveUp = systemTimers.elapsed() + CATCH_UP_WAIT_MS_MAX;
  while (systemTimers.elapsed() < giveUp && !stopping.aborted) {
    if (replicator.isCaughtUp()) return;
    await new Promise<void>((resolve) => void systemTimers.after(LOOK_INTERVAL_MS, resolve));
  }
}
