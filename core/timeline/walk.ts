import type { RoomId } from "../ids.ts";
import type { Snapshot } from "../ports.ts";
import { timeline } from "../tables.ts";
import type { Dot } from "../vector.ts";
import type { Point } from "./page-token.ts";
import type { Position } from "./position.ts";

export interface Row {
  readonly at: Position;
  readonly dot: Dot;
}

/** Timeline rows of a room from a point on, or from the end that lies behind, a chunk at a time. */
export async function* walk(
  snapshot: Snapshot,
  room: RoomId,
  direction: "backwards" | "forwards",
  from: Point | undefined,
  chunkRows: number,
): AsyncGenerator<Row> {
  const reverse = direction === "backwards";
  // The row at the point itself is on the way where the point lies on its far side.
  if (from && (from.side === "after") === reverse) {
    const { depth, ts, id } = from.at;
    const entry = snapshot.get(timeline, [room, depth, ts, id]);
    if (entry) yield { at: from.at, dot: entry };
  }
  let last = from?.at;
  for (;;) {
    const bound = last ? [last.depth, last.ts, last.id] : undefined;
    const rows = await snapshot.range(timeline, {
      prefix: [room],
      ...(bound ? (reverse ? { before: bound } : { after: bound }) : {}),
      reverse,
      limit: chunkRows,
    });
    for (const [[, depth, ts, id], entry] of rows) {
      last = { depth, ts, id };
      yield { at: last, dot: entry };
    }
    if (rows.length < chunkRows) return;
  }
}
