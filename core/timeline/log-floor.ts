import { News } from "../sync/news.ts";
import type { RoomId } from "../ids.ts";
import type { Snapshot } from "../ports.ts";
import type { Vector } from "../vector.ts";
import { FLOOR_LOG_ROWS_MAX } from "./constants.ts";
import { comparePositions } from "./position.ts";
import type { Position } from "./position.ts";

/** The lowest event of a room that a vector does not cover; undefined when it covers all. */
export async function lowestUncovered(
  snapshot: Snapshot,
  room: RoomId,
  vector: Vector,
): Promise<Position | undefined> {
  const { items } = await new News(snapshot, vector).read(`room:${room}`, FLOOR_LOG_ROWS_MAX);
  let lowest: Position | undefined;
  for (const { entry } of items) {
    if (!("e" in entry)) continue;
    const at = { depth: entry.depth, ts: entry.ts, id: entry.e };
    if (!lowest || comparePositions(at, lowest) < 0) lowest = at;
  }
  return lowest;
}
