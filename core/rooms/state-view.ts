import { assert } from "../errors.ts";
import { rememberEventId } from "../event/hash.ts";
import type { Pdu } from "../event/pdu.ts";
import type { StateKey, StateMap } from "../event/state-key.ts";
import { stateKeyOf } from "../event/state-key.ts";
import type { EventId, RoomId } from "../ids.ts";
import type { Documents, View } from "../ports.ts";
import { roomVersion } from "../room-version/table.ts";
import { resolveState } from "../state-res/resolve-state.ts";
import { events, rooms, roomState } from "../tables.ts";
import type { RoomMeta } from "../tables.ts";
import type { DocId, Heads } from "../transaction/records.ts";

/** State of a room at some moment: which event holds each (type, state key). */
export interface StateView {
  get(type: string, stateKey: string): EventId | undefined;
  entries(): Iterable<readonly [key: StateKey, event: EventId]>;
}

/** State on top of which an event is made: a document state and what resolution changes in it. */
export interface BaseState extends StateView {
  readonly heads: Heads;
  readonly edits: readonly (readonly [key: StateKey, event: EventId | undefined])[];
}

export interface StateDeps {
  readonly view: View;
  readonly docs: Pick<Documents, "get" | "entries" | "maximal">;
}

export function roomDoc(room: RoomId): DocId {
  return `room:${room}`;
}

export function sameHeads(a: Heads, b: Heads): boolean {
  return sameList(a, b);
}

export function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}

/** The state that the document shows at `heads`. */
export function stateAtHeads(deps: StateDeps, room: RoomId, heads: Heads): StateView {
  const meta = deps.view.get(rooms, [room]);
  if (meta && !meta.patch && sameHeads(meta.heads, heads)) return currentState(deps, room, meta);
  return documentState(deps.docs, room, heads);
}

function documentState(docs: StateDeps["docs"], room: RoomId, heads: Heads): StateView {
  const doc = roomDoc(room);
  return {
    get: (type, stateKey) =>
      docs.get(doc, stateKeyOf(type, stateKey), heads) as EventId | undefined,
    entries: () => docs.entries(doc, heads) as Iterable<readonly [StateKey, EventId]>,
  };
}

/** Current state: single keys from the index, which costs no document. */
export function currentState(deps: StateDeps, room: RoomId, meta: RoomMeta): StateView {
  return {
    get: (type, stateKey) => deps.view.get(roomState, [room, type, stateKey]),
    entries: () => patched(documentState(deps.docs, room, meta.heads), meta.patch ?? []).entries(),
  };
}

type Patch = readonly (readonly [key: StateKey, event: EventId | null | undefined])[];

function patched(base: StateView, patch: Patch): StateView {
  if (patch.length === 0) return base;
  return mapState(new Map(base.entries()), patch);
}

function mapState(map: Map<StateKey, EventId>, patch: Patch): StateView {
  for (const [key, event] of patch) {
    if (event) map.set(key, event);
    else map.delete(key);
  }
  return {
    get: (type, stateKey) => map.get(stateKeyOf(type, stateKey)),
    entries: () => map,
  };
}

/** State after an event of the room, as its prev_events and its own change make it. */
export function stateAfter(deps: StateDeps, room: RoomId, event: EventId): StateView {
  const stored = deps.view.get(events, [event]);
  assert(stored && stored.room === room, "state is asked of a known event");
  return stateAtHeads(deps, room, stored.heads);
}

/**
 * State before an event with these parents: the state after each, resolved where they differ.
 * https://spec.matrix.org/v1.19/server-server-api/#room-state-resolution
 */
export function stateBefore(deps: StateDeps, room: RoomId, parents: readonly EventId[]): BaseState {
  const meta = deps.view.get(rooms, [room]);
  if (meta && sameList(parents.toSorted(), meta.extremities)) {
    const edits = (meta.patch ?? []).map(([key, event]) => [key, event ?? undefined] as const);
    return { ...currentState(deps, room, meta), heads: meta.heads, edits };
  }
  const distinct = distinctHeads(deps, room, parents);
  const [only] = distinct;
  if (distinct.length <= 1) {
    const heads = only ?? [];
    return { ...stateAtHeads(deps, room, heads), heads, edits: [] };
  }
  const resolved = resolveHeads(deps, room, distinct);
  const hashes = [...new Set(distinct.flat())].map((hash) => [hash]);
  const heads = deps.docs.maximal(roomDoc(room), hashes).flat().toSorted();
  const merged = new Map(documentState(deps.docs, room, heads).entries());
  const edits = differences(merged, resolved);
  return { ...mapState(merged, edits), heads, edits };
}

function distinctHeads(deps: StateDeps, room: RoomId, parents: readonly EventId[]): Heads[] {
  const distinct = new Map<string, Heads>();
  for (const id of parents) {
    const parent = deps.view.get(events, [id]);
    assert(parent && parent.room === room, "parents are known and of the room");
    distinct.set(parent.heads.join(), parent.heads);
  }
  return [...distinct.values()];
}

function resolveHeads(deps: StateDeps, room: RoomId, distinct: readonly Heads[]): StateMap {
  const meta = deps.view.get(rooms, [room]);
  assert(meta, "a room with events is known");
  const sets = distinct.map(
    (heads): StateMap => new Map(documentState(deps.docs, room, heads).entries()),
  );
  const pdu = (id: EventId): Pdu | undefined => eventForRules(deps.view, id);
  const isRejected = (id: EventId): boolean => deps.view.get(events, [id])?.rejected !== undefined;
  return resolveState(roomVersion(meta.version), sets, pdu, isRejected);
}

/** What turns `from` into `to`, in the order of the keys. */
export function differences(
  from: ReadonlyMap<string, EventId>,
  to: ReadonlyMap<string, EventId>,
): [key: StateKey, event: EventId | undefined][] {
  const out: [StateKey, EventId | undefined][] = [];
  for (const [key, event] of to) if (from.get(key) !== event) out.push([key as StateKey, event]);
  for (const key of from.keys()) if (!to.has(key)) out.push([key as StateKey, undefined]);
  return out.toSorted(([a], [b]) => (a < b ? -1 : 1));
}

/** The events that a state holds, for the auth rules. */
export function authState(
  deps: StateDeps,
  state: StateView,
): { get(type: string, stateKey: string): Pdu | undefined } {
  return {
    get: (type, stateKey) => {
      const id = state.get(type, stateKey);
      return id === undefined ? undefined : eventForRules(deps.view, id);
    },
  };
}

/** An event as the auth rules and state resolution see it: a redaction has taken nothing from them. */
export function eventForRules(view: View, id: EventId): Pdu | undefined {
  const stored = view.get(events, [id]);
  if (!stored) return undefined;
  const { pdu, ruleContent } = stored;
  const event = ruleContent ? { ...pdu, content: ruleContent } : pdu;
  rememberEventId(event, id);
  return event;
}
