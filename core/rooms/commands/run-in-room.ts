import type { Command } from "../../ports.ts";
import type { Services } from "../../services.ts";
import { unlessBehind } from "../../user-data/missing.ts";
import { REFUSALS } from "../queries/read-in-room.ts";

export type RoomDeps = Pick<Services, "runner" | "isCaughtUp" | "timers">;

/** As `readInRoom`, for a command; what is refused is tried again for a moment first. */
export function runInRoom<I, R>(deps: RoomDeps, command: Command<I, R>, input: I): Promise<R> {
  return unlessBehind(deps, () => deps.runner.run(command, input), REFUSALS);
}
