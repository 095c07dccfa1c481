import { setTimeout as delay } from "node:timers/promises";
import { callMeshd } from "../control/client.ts";
import { ControlError } from "../control/error.ts";
import type { BoxProcess } from "./box-process.ts";

/** How long a box may take to answer after its start, in milliseconds: repairs included on a Pi. */
const READY_WAIT_MS_MAX = 90_000;
/** How long boxes that answer may take to connect with each other, in milliseconds. */
const MEET_WAIT_MS_MAX = 20_000;
/** A box that crashed this often before it was ever ready is given up. */
const CRASHES_MAX = 3;
/** From one question to the next, in milliseconds. */
const POLL_MS = 50;
/** How long one HTTP question may take, in milliseconds. */
const HTTP_WAIT_MS = 2000;

/** Resolves once the box answers people (control socket) and clients (HTTP). Throws when it never will. */
export async function untilReady(box: BoxProcess, stopping: AbortSignal): Promise<void> {
  const deadline = performance.now() + READY_WAIT_MS_MAX;
  while (!(await isReady(box))) {
    stopping.throwIfAborted();
    const { name } = box.plan;
    if (box.endedBecause !== undefined) {
      throw new Error(`${name} ${box.endedBecause}. The end of its log:\n${box.logTail()}`);
    }
    if (performance.now() > deadline || box.crashes >= CRASHES_MAX) {
      throw new Error(`${name} does not come up. The end of its log:\n${box.logTail()}`);
    }
    await delay(POLL_MS);
  }
}

/** Resolves true once every box is connected with every other one, false when that takes too long. */
export async function untilConnected(
  boxes: readonly BoxProcess[],
  stopping: AbortSignal,
): Promise<boolean> {
  const deadline = performance.now() + MEET_WAIT_MS_MAX;
  while (performance.now() < deadline) {
    stopping.throwIfAborted();
    const seen = await Promise.all(boxes.map((box) => connectedBoxes(box)));
    if (seen.every((count) => count >= boxes.length)) return true;
    await delay(POLL_MS);
  }
  return false;
}

/** How many boxes one box sees up, itself included; none while it does not answer. */
async function connectedBoxes({ plan }: BoxProcess): Promise<number> {
  try {
    const status = await callMeshd(plan.home, "status", {});
    return status.boxes.filter(({ up }) => up).length;
  } catch (error) {
    if (error instanceof ControlError) return 0;
    throw error;
  }
}

async function isReady({ plan }: BoxProcess): Promise<boolean> {
  try {
    await callMeshd(plan.home, "status", {});
    const signal = AbortSignal.timeout(HTTP_WAIT_MS);
    const response = await fetch(`${plan.clientUrl}/_matrix/client/versions`, { signal });
    await response.body?.cancel();
    return response.ok;
  } catch (error) {
    // Not up yet; anything that the box itself refuses is for the caller to hear.
    if (
      error instanceof ControlError &&
      error.code !== "not_running" &&
      error.code !== "no_answer"
    ) {
      throw error;
    }
    return false;
  }
}
