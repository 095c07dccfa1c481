import type { EventId } from "../ids.ts";
import type { Snapshot } from "../ports.ts";
import { relations } from "../tables.ts";
import {
  RECURSION_DEPTH,
  RELATION_READS_AT_ONCE,
  RELATION_ROWS_MAX,
  RELATION_TYPES_MAX,
} from "./constants.ts";
import { isBeyond } from "./page.ts";
import { comparePositions } from "./position.ts";
import type { Position } from "./position.ts";
import type { Presenter } from "./presenter.ts";
import { walkTable } from "./walk.ts";
import type { Row, Walk } from "./walk.ts";

/** Which children of an event are asked for. */
export interface Kinship {
  readonly parent: EventId;
  readonly relType: string | undefined;
  readonly eventType?: string | undefined;
}

/** The relationship types of the specification, which others cannot crowd out. */
const KNOWN_TYPES = ["m.annotation", "m.reference", "m.replace", "m.thread"];

/** The events that relate to an event directly, in the order of the timeline or its reverse. */
export async function* directChildren(
  presenter: Presenter,
  { parent, relType }: Kinship,
  walk: Walk,
): AsyncGenerator<Row> {
  const { snapshot } = presenter.options;
  const { room } = presenter.history;
  const types = relType === undefined ? await relationTypes(presenter, parent) : [relType];
  const streams = types.map((type) => walkTable(snapshot, relations, [room, parent, type], walk));
  const sign = walk.direction === "forwards" ? 1 : -1;
  const heads = await Promise.all(streams.map((stream) => stream.next()));
  for (;;) {
    let first: { readonly stream: number; readonly at: Position } | undefined;
    heads.forEach((head, stream) => {
      if (head.done) return;
      const { at } = head.value;
      if (!first || sign * comparePositions(at, first.at) < 0) first = { stream, at };
    });
    if (!first) return;
    const row = rowAt(presenter, first.at);
    const next = streams[first.stream]?.next();
    if (next) heads[first.stream] = await next;
    if (row) yield row;
  }
}

/** Distinct relationship types of an event's children, found without reading all of them. */
async function relationTypes(presenter: Presenter, parent: EventId): Promise<string[]> {
  const { snapshot } = presenter.options;
  const types = new Set(KNOWN_TYPES);
  let after: string | undefined;
  while (types.size < RELATION_TYPES_MAX) {
    const [row] = await snapshot.range(relations, {
      prefix: [presenter.history.room, parent],
      ...(after === undefined ? {} : { after: [after] }),
      limit: 1,
    });
    if (!row) break;
    after = row[0][2];
    types.add(after);
  }
  return [...types];
}

/**
 * The events that relate to an event, and those that relate to them, some levels deep, oldest first.
 * A child is followed only if it matches. Past the limit of rows the rest is left out.
 */
export async function descendants(
  presenter: Presenter,
  { parent, relType, eventType }: Kinship,
): Promise<Position[]> {
  const { snapshot } = presenter.options;
  const { room } = presenter.history;
  const found = new Map<EventId, Position>();
  let budget = RELATION_ROWS_MAX;
  let parents: readonly EventId[] = [parent];
  for (let level = 0; level < RECURSION_DEPTH && parents.length > 0; level++) {
    const next: EventId[] = [];
    for (let at = 0; at < parents.length && budget > 0; at += RELATION_READS_AT_ONCE) {
      const some = parents.slice(at, at + RELATION_READS_AT_ONCE);
      const read = (id: EventId): ReturnType<typeof rowsBelow> =>
        rowsBelow(snapshot, relType === undefined ? [room, id] : [room, id, relType], budget);
      for (const [[, , , depth, ts, id], { type }] of (await Promise.all(some.map(read))).flat()) {
        budget--;
        if ((eventType !== undefined && type !== eventType) || found.has(id)) continue;
        found.set(id, { depth, ts, id });
        next.push(id);
      }
    }
    parents = next;
  }
  return [...found.values()].toSorted(comparePositions);
}

function rowsBelow(snapshot: Snapshot, prefix: readonly string[], limit: number) {
  return snapshot.range(relations, { prefix, reverse: true, limit });
}

/** Events of sorted positions from a point on. */
export async function* inOrder(
  presenter: Presenter,
  sorted: readonly Position[],
  { direction, from }: Pick<Walk, "direction" | "from">,
): AsyncGenerator<Row> {
  const forwards = direction === "forwards";
  for (const at of forwards ? sorted : sorted.toReversed()) {
    if (from && !isBeyond(from, at, forwards)) continue;
    const row = rowAt(presenter, at);
    if (row) yield row;
  }
}

function rowAt(presenter: Presenter, at: Position): Row | undefined {
  const event = presenter.history.event(at.id);
  return event && { at, dot: { origin: event.origin, seq: event.seq } };
}
