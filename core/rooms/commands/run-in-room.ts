import type { Command } from "../../ports.ts";
import type { Services } from "../../services.ts";
import { unlessBehind } from "../../user-data/missing.ts";

export type RoomDeps = Pick<Services, "runner" | "isCaughtUp" | "timers">;

/** 403: not in the room, or without the power. 404: there is no such event or user. */
const REFUSALS = [403, 404];

/**
 * Runs a command whose refusals follow from what is known of a room. A box that lags behind may lack the
 * room, the join or the event on which it turns, and clients take a 403 or 404 for final: they get 503.
 */
export function runInRoom<I, R>(deps: RoomDeps, command: Command<I, R>, input: I): Promise<R> {
  return unlessBehind(deps, () => deps.runner.run(command, input), REFUSALS);
}
