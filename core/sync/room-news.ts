import type { RoomId } from "../ids.ts";
import { comparePositions } from "../timeline/position.ts";
import type { Position } from "../timeline/position.ts";
import { ROOM_LOG_ROWS_MAX } from "./constants.ts";
import type { Pass } from "./pass.ts";

/** Events of a room that the client was not told of. */
export interface RoomNews {
  /** In the order of the timeline, each once. */
  readonly events: readonly NewEvent[];
  /** False when there is more than was read; what was read is the newest. */
  readonly complete: boolean;
}

interface NewEvent extends Position {
  readonly isState: boolean;
}

export const NO_ROOM_NEWS: RoomNews = { events: [], complete: true };

export async function readRoomNews(pass: Pass, room: RoomId): Promise<RoomNews> {
  if (!pass.news.touches(`room:${room}`)) return NO_ROOM_NEWS;
  const { items, complete } = await pass.news.read(`room:${room}`, ROOM_LOG_ROWS_MAX);
  const events = new Map<string, NewEvent>();
  for (const { entry } of items) {
    if (!("e" in entry)) continue;
    const { e: id, depth, ts } = entry;
    events.set(id, { id, depth, ts, isState: entry.state === true });
  }
  return { events: [...events.values()].toSorted(comparePositions), complete };
}
