import type { StateKey } from "../event/state-key.ts";
import { splitStateKey, stateKeyOf } from "../event/state-key.ts";
import { prevEventIds } from "../event/pdu.ts";
import type { EventId, RoomId, UserId } from "../ids.ts";
import { serverOf } from "../ids.ts";
import { events, memberships, rooms, roomState } from "../tables.ts";
import type { RoomMeta, StoredEvent } from "../tables.ts";
import type { ApplyContext } from "../transaction/apply.ts";
import type { StateHeads } from "../transaction/records.ts";
import { logToTopic } from "../transaction/topics.ts";
import { differingKeys } from "../room-document/document-state.ts";
import { sameList, stateHeads } from "../room-document/names.ts";
import { NO_MEMBER } from "./no-member.ts";
import { currentState, editsOf, stateBefore } from "./state-view.ts";

type Change = readonly [key: StateKey, to: EventId | undefined, from: EventId | undefined];

interface NextState {
  readonly at: StateHeads;
  readonly patch: NonNullable<RoomMeta["patch"]>;
  readonly changes: readonly Change[];
}

/**
 * Brings the current state up to the room's new forward extremities and keeps `meta`. `stored` is the
 * event that has just become one of them.
 */
export function moveCurrentState(context: ApplyContext, stored: StoredEvent, meta: RoomMeta): void {
  const { view } = context;
  const before = view.get(rooms, [stored.room]);
  const next = nextState(context, stored, before, meta);
  const counts = { joined: meta.joined, invited: meta.invited };
  for (const [key, to, from] of next.changes)
    setCurrent(context, stored.room, key, to, from, counts);
  if (stored.hidden && next.changes.length > 0) {
    logToTopic(context, `room:${stored.room}`, { resolved: stored.id });
  }
  const { patch: _, heads: __, generation: ___, ...rest } = meta;
  view.put(rooms, [stored.room], {
    ...rest,
    ...counts,
    ...next.at,
    ...(next.patch.length > 0 ? { patch: next.patch } : {}),
  });
}

function nextState(
  context: ApplyContext,
  stored: StoredEvent,
  before: RoomMeta | undefined,
  meta: RoomMeta,
): NextState {
  if (!before) return linearStep(context, stored);
  const parents = prevEventIds(stored.pdu).toSorted();
  if (sameList(parents, before.extremities)) return linearStep(context, stored);
  // The state depends on nothing else: a message on one branch of a fork changes none of it.
  const same = sameList(branchesOf(context, before), branchesOf(context, meta));
  if (same) return { at: stateHeads(before), patch: before.patch ?? [], changes: [] };
  return resolvedStep(context, stored.room, before, meta);
}

/** The distinct states at the forward extremities, by name. */
function branchesOf({ view }: ApplyContext, { extremities }: RoomMeta): string[] {
  const names = extremities.map((id) => view.get(events, [id])?.heads.join() ?? "");
  return [...new Set(names)].toSorted();
}

/** On top of the whole room as it was, the event alone decides the new state. */
function linearStep(context: ApplyContext, stored: StoredEvent): NextState {
  const { type, state_key: stateKey } = stored.pdu;
  const at = stateHeads(stored);
  if (stateKey === undefined) return { at, patch: [], changes: [] };
  const from = context.view.get(roomState, [stored.room, type, stateKey]);
  const change: Change = [stateKeyOf(type, stateKey), stored.id, from];
  return { at, patch: [], changes: [change] };
}

/** Where branches come together, or one of several grows: what changes is looked for where they differ. */
function resolvedStep(
  context: ApplyContext,
  room: RoomId,
  before: RoomMeta,
  meta: RoomMeta,
): NextState {
  const now = stateBefore(context, room, meta.extremities);
  const old = currentState(context, room, before);
  const keys = differingKeys(context.docs, room, before, now.at);
  for (const [key] of [...editsOf(before), ...now.edits]) keys.add(key);
  const changes = [...keys]
    .toSorted((a, b) => (a < b ? -1 : 1))
    .map((key): Change => [key, now.get(...splitStateKey(key)), old.get(...splitStateKey(key))])
    .filter(([, to, from]) => to !== from);
  const patch = now.edits.map(([key, event]) => [key, event ?? null] as const);
  return { at: now.at, patch, changes };
}

function setCurrent(
  context: ApplyContext,
  room: RoomId,
  key: StateKey,
  to: EventId | undefined,
  from: EventId | undefined,
  counts: { joined: number; invited: number },
): void {
  const { view } = context;
  const [type, stateKey] = splitStateKey(key);
  if (to === undefined) view.del(roomState, [room, type, stateKey]);
  else view.put(roomState, [room, type, stateKey], to);
  if (type !== "m.room.member") return;
  const was = membershipIn(context, from);
  const is = membershipIn(context, to);
  counts.joined += Number(is === "join") - Number(was === "join");
  counts.invited += Number(is === "invite") - Number(was === "invite");
  const user = stateKey as UserId;
  if (serverOf(user) !== context.serverName) return;
  const entry = to === undefined || is === undefined ? NO_MEMBER : { membership: is, event: to };
  view.put(memberships, [user, room], entry);
  logToTopic(context, `user:${user}`, { membership: room });
}

function membershipIn(context: ApplyContext, id: EventId | undefined): string | undefined {
  if (id === undefined) return undefined;
  const membership = context.view.get(events, [id])?.pdu.content["membership"];
  return typeof membership === "string" ? membership : undefined;
}
