import { assert } from "../errors.ts";
import type { EventId } from "../ids.ts";
import type { EventGraph } from "./event-graph.ts";
import { Heap } from "./heap.ts";

interface Vertex {
  readonly id: EventId;
  readonly power: number;
  readonly ts: number;
  /** The events of the set that cite this one. */
  readonly citedBy: Vertex[];
  /** How many of the events that this one cites have not been put out yet. */
  waitsFor: number;
}

/**
 * The reverse topological power ordering, earliest first, by Kahn's algorithm.
 * https://spec.matrix.org/v1.19/rooms/v12/#definitions
 */
export function orderByPower(graph: EventGraph, ids: ReadonlySet<EventId>): EventId[] {
  const vertices = verticesOf(graph, ids);
  const ready = new Heap(compareVertices);
  for (const vertex of vertices.values()) if (vertex.waitsFor === 0) ready.push(vertex);
  const ordered: EventId[] = [];
  for (let next = ready.pop(); next !== undefined; next = ready.pop()) {
    ordered.push(next.id);
    for (const vertex of next.citedBy) {
      vertex.waitsFor--;
      if (vertex.waitsFor === 0) ready.push(vertex);
    }
  }
  assert(ordered.length === ids.size, "auth events form no cycle");
  return ordered;
}

function verticesOf(graph: EventGraph, ids: ReadonlySet<EventId>): Map<EventId, Vertex> {
  const vertices = new Map<EventId, Vertex>();
  for (const id of ids) {
    const ts = graph.get(id).origin_server_ts;
    vertices.set(id, { id, power: graph.senderPower(id), ts, citedBy: [], waitsFor: 0 });
  }
  for (const vertex of vertices.values()) {
    for (const auth of new Set(graph.authIds(vertex.id))) {
      const cited = vertices.get(auth);
      if (cited === undefined) continue;
      cited.citedBy.push(vertex);
      vertex.waitsFor++;
    }
  }
  return vertices;
}

/** Greater power first; powers are compared, not subtracted, since two may be infinite. */
function compareVertices(a: Vertex, b: Vertex): number {
  if (a.power !== b.power) return a.power > b.power ? -1 : 1;
  return compareTimes(a, b);
}

/** Earlier first, then by ID. */
export function compareTimes(
  a: { readonly id: EventId; readonly ts: number },
  b: { readonly id: EventId; readonly ts: number },
): number {
  if (a.ts !== b.ts) return a.ts - b.ts;
  return a.id < b.id ? -1 : 1;
}
