import { assert } from "../errors.ts";
import { rememberEventId } from "../event/hash.ts";
import type { Pdu } from "../event/pdu.ts";
import type { StateKey, StateMap } from "../event/state-key.ts";
import { splitStateKey, stateKeyOf } from "../event/state-key.ts";
import type { EventId, RoomId } from "../ids.ts";
import type { View } from "../ports.ts";
import { differingKeys, documentState, mergedState } from "../room-document/document-state.ts";
import type { StateView } from "../room-document/document-state.ts";
import type { LeafViews } from "../room-document/leaves.ts";
import { isSameState, sameList, stateHeads } from "../room-document/names.ts";
import type { StateEdit } from "../room-document/write-state.ts";
import { roomVersion } from "../room-version/table.ts";
import type { AgreedState } from "../state-res/agreed-state.ts";
import { resolveState } from "../state-res/resolve-state.ts";
import { events, rooms, roomState } from "../tables.ts";
import type { RoomMeta } from "../tables.ts";
import type { StateHeads } from "../transaction/records.ts";

/** State on top of which an event is made: a document state and what resolution changes in it. */
export interface BaseState extends StateView {
  readonly at: StateHeads;
  readonly edits: readonly StateEdit[];
}

export interface StateDeps {
  readonly view: View;
  readonly docs: LeafViews;
}

/** The state that the room's documents show at these heads. */
export function stateAt(deps: StateDeps, room: RoomId, at: StateHeads): StateView {
  const meta = deps.view.get(rooms, [room]);
  if (meta && !meta.patch && isSameState(meta, at)) return currentState(deps, room, meta);
  return documentState(deps.docs, room, at);
}

/** Current state: single keys from the index, which costs no document. */
export function currentState(deps: StateDeps, room: RoomId, meta: RoomMeta): StateView {
  return {
    get: (type, stateKey) => deps.view.get(roomState, [room, type, stateKey]),
    entries: () => patched(documentState(deps.docs, room, meta), editsOf(meta)).entries(),
  };
}

/** What resolving an open fork of the state changes against the room's heads. */
export function editsOf({ patch = [] }: RoomMeta): StateEdit[] {
  return patch.map(([key, event]) => [key, event ?? undefined]);
}

function patched(base: StateView, edits: readonly StateEdit[]): StateView {
  if (edits.length === 0) return base;
  const changes = new Map(edits);
  return {
    get: (type, stateKey) => {
      const key = stateKeyOf(type, stateKey);
      return changes.has(key) ? changes.get(key) : base.get(type, stateKey);
    },
    *entries() {
      for (const entry of base.entries()) if (!changes.has(entry[0])) yield entry;
      for (const [key, event] of changes) if (event !== undefined) yield [key, event];
    },
  };
}

/** State after an event of the room, as its prev_events and its own change make it. */
export function stateAfter(deps: StateDeps, room: RoomId, event: EventId): StateView {
  const stored = deps.view.get(events, [event]);
  assert(stored && stored.room === room, "state is asked of a known event");
  return stateAt(deps, room, stored);
}

/**
 * State before an event with these parents: the state after each, resolved where they differ.
 * https://spec.matrix.org/v1.19/server-server-api/#room-state-resolution
 */
export function stateBefore(deps: StateDeps, room: RoomId, parents: readonly EventId[]): BaseState {
  const meta = deps.view.get(rooms, [room]);
  if (meta && sameList(parents.toSorted(), meta.extremities)) {
    return { ...currentState(deps, room, meta), at: stateHeads(meta), edits: editsOf(meta) };
  }
  const distinct = distinctStates(deps, room, parents);
  const [first = { heads: [] }] = distinct;
  if (distinct.length <= 1) return { ...stateAt(deps, room, first), at: first, edits: [] };
  const at = mergedState(deps.docs, room, distinct);
  const edits = resolvedEdits(deps, room, distinct, at);
  return { ...patched(documentState(deps.docs, room, at), edits), at, edits };
}

function distinctStates(deps: StateDeps, room: RoomId, parents: readonly EventId[]): StateHeads[] {
  const distinct = new Map<string, StateHeads>();
  for (const id of parents) {
    const parent = deps.view.get(events, [id]);
    assert(parent && parent.room === room, "parents are known and of the room");
    distinct.set(parent.heads.join(), stateHeads(parent));
  }
  return [...distinct.values()];
}

/** What turns the state of the document at `merged` into the one that the states come to by the rules. */
function resolvedEdits(
  deps: StateDeps,
  room: RoomId,
  distinct: readonly StateHeads[],
  merged: StateHeads,
): StateEdit[] {
  const [first, ...others] = distinct;
  const states = distinct.map((at) => documentState(deps.docs, room, at));
  const [view] = states;
  assert(first && view, "there are states to resolve");
  const keys = new Set(
    [...others, merged].flatMap((at) => [...differingKeys(deps.docs, room, first, at)]),
  );
  const meta = deps.view.get(rooms, [room]);
  assert(meta, "a room with events is known");
  const resolved = resolveState(
    roomVersion(meta.version),
    states.map((state) => stateOf(state, keys)),
    (id) => eventForRules(deps.view, id),
    (id) => deps.view.get(events, [id])?.rejected !== undefined,
    agreedState(deps, room, first, view),
  );
  for (const key of resolved.keys()) keys.add(key as StateKey);
  const shown = stateOf(documentState(deps.docs, room, merged), keys);
  return [...keys]
    .filter((key) => shown.get(key) !== resolved.get(key))
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((key) => [key, resolved.get(key)]);
}

function stateOf(state: StateView, keys: ReadonlySet<StateKey>): StateMap {
  const found = new Map<string, EventId>();
  for (const key of keys) {
    const event = state.get(...splitStateKey(key));
    if (event !== undefined) found.set(key, event);
  }
  return found;
}

/** All that several states have in common, as one of them has it. */
function agreedState(deps: StateDeps, room: RoomId, at: StateHeads, state: StateView): AgreedState {
  return {
    get: (key) => state.get(...splitStateKey(key)),
    *since(event) {
      const stored = deps.view.get(events, [event]);
      const then = stored?.rejected === undefined ? stored : undefined;
      for (const key of differingKeys(deps.docs, room, then ?? { heads: [] }, at)) {
        const now = state.get(...splitStateKey(key));
        if (now !== undefined) yield now;
      }
    },
  };
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
