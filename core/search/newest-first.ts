import type { RoomId } from "../ids.ts";
import type { Snapshot } from "../ports.ts";
import { Heap } from "../state-res/heap.ts";
import { eventsByTime } from "../tables.ts";
import type { Position } from "../timeline/position.ts";
import type { Dot } from "../vector.ts";
import { SEARCH_CHUNK_ROWS, SEARCH_FIRST_CHUNK_ROWS } from "./constants.ts";

export interface TimedRow extends Position {
  readonly room: RoomId;
  readonly dot: Dot;
}

/** The events of several rooms before a moment, newest first: by origin_server_ts, then depth, then event ID. */
export async function* newestFirst(
  snapshot: Snapshot,
  rooms: readonly RoomId[],
  before: Position | undefined,
): AsyncGenerator<TimedRow> {
  const heads = new Heap<RoomWalk>((a, b) => compareTimes(b.next, a.next));
  for (const room of rooms) {
    const walk = await beginWalk(snapshot, room, before);
    if (walk) heads.push(walk);
  }
  for (let walk = heads.pop(); walk; walk = heads.pop()) {
    yield walk.next;
    if (await advance(snapshot, walk)) heads.push(walk);
  }
}

/** Negative where `a` is earlier. */
function compareTimes(a: Position, b: Position): number {
  if (a.ts !== b.ts) return a.ts - b.ts;
  if (a.depth !== b.depth) return a.depth - b.depth;
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}

/** One room's events on the way back: what was read ahead, newest last. */
interface RoomWalk {
  next: TimedRow;
  readonly ahead: TimedRow[];
  isEnd: boolean;
}

async function beginWalk(
  snapshot: Snapshot,
  room: RoomId,
  before: Position | undefined,
): Promise<RoomWalk | undefined> {
  const ahead = await readRows(snapshot, room, before, SEARCH_FIRST_CHUNK_ROWS);
  const isEnd = ahead.length < SEARCH_FIRST_CHUNK_ROWS;
  const next = ahead.pop();
  return next && { next, ahead, isEnd };
}

/** Moves on by one event; false at the room's beginning. */
async function advance(snapshot: Snapshot, walk: RoomWalk): Promise<boolean> {
  if (walk.ahead.length === 0 && !walk.isEnd) {
    const { room } = walk.next;
    walk.ahead.push(...(await readRows(snapshot, room, walk.next, SEARCH_CHUNK_ROWS)));
    walk.isEnd = walk.ahead.length < SEARCH_CHUNK_ROWS;
  }
  const next = walk.ahead.pop();
  if (next) walk.next = next;
  return next !== undefined;
}

async function readRows(
  snapshot: Snapshot,
  room: RoomId,
  before: Position | undefined,
  limit: number,
): Promise<TimedRow[]> {
  const rows = await snapshot.range(eventsByTime, {
    prefix: [room],
    ...(before ? { before: [before.ts, before.depth, before.id] } : {}),
    reverse: true,
    limit,
  });
  return rows.map(([[, ts, depth, id], dot]) => ({ room, ts, depth, id, dot })).toReversed();
}
