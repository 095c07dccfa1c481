import { MatrixError, unavailable } from "../../errors.ts";
import type { Services } from "../../services.ts";

/** 403: not in the room, or without the power. 404: there is no such room, event or user. */
export const REFUSALS: readonly number[] = [403, 404];

/**
 * Does a read, or a check, whose refusals follow from what is known of a room. A box that lags behind may lack the
 * room, the join or the event on which it turns, and clients take a 403 or 404 for final.
 * @throws MatrixError 503 in place of these
 */
export function readInRoom<T>(deps: Pick<Services, "isCaughtUp">, read: () => T): T {
  // Asked before: what arrives in between is then seen by the read.
  const isCaughtUp = deps.isCaughtUp();
  try {
    return read();
  } catch (error) {
    const isRefusal = error instanceof MatrixError && REFUSALS.includes(error.status);
    if (isCaughtUp || !isRefusal) throw error;
    throw unavailable("This box is still catching up with the others. Try again in a moment.");
  }
}
