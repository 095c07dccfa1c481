import type { EventId, RoomId } from "../ids.ts";
import type { Snapshot } from "../ports.ts";
import { timeline } from "../tables.ts";
import type { KeyPart, Table } from "../table.ts";
import type { Dot } from "../vector.ts";
import type { Point } from "./page-token.ts";
import type { Position } from "./position.ts";

export interface Row {
  readonly at: Position;
  readonly dot: Dot;
}

export type Direction = "backwards" | "forwards";

/** A table whose keys end with an event's position. */
type Positioned<V> = Table<readonly [...KeyPart[], number, number, EventId], V>;

/** Timeline rows of a room from a point on, or from the end that lies behind, a chunk at a time. */
export async function* walk(
  snapshot: Snapshot,
  room: RoomId,
  direction: Direction,
  from: Point | undefined,
  chunkRows: number,
): AsyncGenerator<Row> {
  for await (const { at, value } of walkTable(snapshot, timeline, [room], {
    direction,
    from,
    chunkRows,
  })) {
    yield { at, dot: value };
  }
}

export interface Walk {
  readonly direction: Direction;
  readonly from: Point | undefined;
  readonly chunkRows: number;
}

/** The rows of a table below a prefix, in the order of their positions. */
export async function* walkTable<V>(
  snapshot: Snapshot,
  table: Positioned<V>,
  prefix: readonly KeyPart[],
  { direction, from, chunkRows }: Walk,
): AsyncGenerator<{ readonly at: Position; readonly value: V }> {
  const reverse = direction === "backwards";
  // The row at the point itself is on the way where the point lies on its far side.
  if (from && (from.side === "after") === reverse) {
    const { depth, ts, id } = from.at;
    const value = snapshot.get(table, [...prefix, depth, ts, id]);
    if (value !== undefined) yield { at: from.at, value };
  }
  let last = from?.at;
  for (;;) {
    const bound = last ? [last.depth, last.ts, last.id] : undefined;
    const rows = await snapshot.range(table, {
      prefix,
      ...(bound ? (reverse ? { before: bound } : { after: bound }) : {}),
      reverse,
      limit: chunkRows,
    });
    for (const [key, value] of rows) {
      const [depth, ts, id] = key.slice(prefix.length) as [number, number, EventId];
      last = { depth, ts, id };
      yield { at: last, value };
    }
    if (rows.length < chunkRows) return;
  }
}
