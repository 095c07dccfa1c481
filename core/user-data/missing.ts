import { MatrixError, notFound, unavailable } from "../errors.ts";
import type { Services } from "../services.ts";

/** How often a box that is behind looks again for what is missing, and how long in all, in ms. */
const LOOK_AGAIN_MS = 25;
const PATIENCE_MS = 1000;

/**
 * Runs a read or a command whose 404 would do harm if it were not true: a client that is told that it has
 * no key backup or no secret storage makes new ones. While this box lacks something that another one has,
 * it is tried again for a moment, and then answered with 503. `refusals` are the statuses that this is for.
 */
export async function unlessBehind<T>(
  deps: Pick<Services, "isCaughtUp" | "timers">,
  work: () => T | Promise<T>,
  refusals: readonly number[] = [404],
): Promise<T> {
  for (let waitedMs = 0; ; waitedMs += LOOK_AGAIN_MS) {
    // Asked before: what arrives in between is then seen by the work.
    const isCaughtUp = deps.isCaughtUp();
    try {
      return await work();
    } catch (error) {
      const isRefusal = error instanceof MatrixError && refusals.includes(error.status);
      if (!isRefusal || isCaughtUp) throw error;
    }
    if (waitedMs >= PATIENCE_MS) throw unavailable("this box is still catching up with the others");
    await new Promise<void>((resolve) => deps.timers.after(LOOK_AGAIN_MS, resolve));
  }
}

/** Is it in the mesh, as far as this box and those that it reaches know? Throws 503 while unsure. */
export async function isKnown(
  deps: Pick<Services, "isCaughtUp" | "timers">,
  isHere: () => boolean,
): Promise<boolean> {
  try {
    await unlessBehind(deps, () => {
      if (!isHere()) throw notFound("it is not here");
    });
    return true;
  } catch (error) {
    if (error instanceof MatrixError && error.status === 404) return false;
    throw error;
  }
}
