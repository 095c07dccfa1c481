import { prevEventIds } from "../event/pdu.ts";
import { splitStateKey, stateKeyOf } from "../event/state-key.ts";
import type { StateKey } from "../event/state-key.ts";
import type { EventId } from "../ids.ts";
import { stateAtHeads } from "../rooms/state-view.ts";
import { roomState } from "../tables.ts";
import type { StoredEvent } from "../tables.ts";
import type { Presenter } from "../timeline/presenter.ts";
import type { Heads } from "../transaction/records.ts";
import { ROOM_STATE_MAX } from "./constants.ts";
import type { Pass } from "./pass.ts";
import type { RoomNews } from "./room-news.ts";

/** The event that holds a state key now. */
export interface Held {
  readonly type: string;
  readonly stateKey: string;
  /** Undefined where nothing holds it any more. */
  readonly event: EventId | undefined;
}

/** How a room's current state may differ from the one that the client knows. */
export interface StateChange {
  /** Everything, since what the client knows cannot be told exactly. */
  readonly whole: boolean;
  /** Keys that may differ; all keys when `whole`. */
  readonly keys: readonly Held[];
}

const NO_CHANGE: StateChange = { whole: false, keys: [] };

/** The whole current state. */
export async function wholeState(pass: Pass, presenter: Presenter): Promise<StateChange> {
  const rows = await pass.snapshot.range(roomState, {
    prefix: [presenter.history.room],
    limit: ROOM_STATE_MAX,
  });
  const keys = rows.map(([[, type, stateKey], event]) => ({ type, stateKey, event }));
  return { whole: true, keys };
}

/**
 * What changed since the client's token. Where all it was told of rests on one state of the document,
 * the keys of the new state events are all that can differ. Where a fork came together, resolution may
 * have changed others: the view that the client had is compared, or, if it had seen the fork, all is sent.
 */
export async function stateChange(
  pass: Pass,
  presenter: Presenter,
  news: RoomNews,
): Promise<StateChange> {
  if (!news.complete) return wholeState(pass, presenter);
  if (!news.events.some(({ isState }) => isState)) return NO_CHANGE;
  if (pass.isAhead) return { whole: false, keys: touchedKeys(presenter, news) };
  const known = knownHeads(pass, presenter, news);
  if (known.length <= 1) return { whole: false, keys: touchedKeys(presenter, news) };
  const [only, ...others] = pass.deps.documents.maximal(`room:${presenter.history.room}`, known);
  if (!only || others.length > 0) return wholeState(pass, presenter);
  const now = await wholeState(pass, presenter);
  return { whole: false, keys: differingKeys(presenter, only, now.keys, news) };
}

function touchedKeys(presenter: Presenter, news: RoomNews): Held[] {
  const { history } = presenter;
  const held = new Map<StateKey, Held>();
  for (const { id, isState } of news.events) {
    const pdu = isState ? history.event(id)?.pdu : undefined;
    if (pdu?.state_key === undefined) continue;
    const { type, state_key: stateKey } = pdu;
    const event = history.view.get(roomState, [history.room, type, stateKey]);
    held.set(stateKeyOf(type, stateKey), { type, stateKey, event });
  }
  return [...held.values()];
}

/** The distinct document heads at the ends of what the client was told. */
function knownHeads(pass: Pass, presenter: Presenter, news: RoomNews): Heads[] {
  const { history } = presenter;
  const ends = new Set<EventId>(history.meta?.extremities);
  for (const { id } of news.events) {
    const event = history.event(id);
    if (event) for (const parent of prevEventIds(event.pdu)) ends.add(parent);
  }
  const heads = new Map<string, Heads>();
  for (const id of ends) {
    const event = history.event(id);
    if (event && !pass.news.isNew(event)) heads.set(event.heads.join(), event.heads);
  }
  return [...heads.values()];
}

function differingKeys(
  presenter: Presenter,
  heads: Heads,
  now: readonly Held[],
  news: RoomNews,
): Held[] {
  const { history } = presenter;
  const before = new Map(stateAtHeads(history.deps, history.room, heads).entries());
  const out = new Map<StateKey, Held>();
  for (const held of touchedKeys(presenter, news)) {
    out.set(stateKeyOf(held.type, held.stateKey), held);
  }
  for (const held of now) {
    const key = stateKeyOf(held.type, held.stateKey);
    if (before.get(key) !== held.event) out.set(key, held);
    before.delete(key);
  }
  for (const key of before.keys()) {
    const [type, stateKey] = splitStateKey(key);
    out.set(key, { type, stateKey, event: undefined });
  }
  return [...out.values()];
}

/** What `state` or `state_after` must name. */
export function stateEvents(
  pass: Pass,
  presenter: Presenter,
  change: StateChange,
  timeline: readonly StoredEvent[],
): StoredEvent[] {
  const { history } = presenter;
  const shown = new Set(timeline.map(({ id }) => id));
  const [first] = timeline;
  const out: StoredEvent[] = [];
  for (const { type, stateKey, event: id } of change.keys) {
    const event = id === undefined ? undefined : history.event(id);
    if (!event) continue;
    if (pass.request.stateAfter !== false || !shown.has(event.id)) {
      out.push(event);
      continue;
    }
    // The timeline tells of it, so `state` names what held the key where the timeline starts.
    const startId = first && history.before(first, type, stateKey);
    const start = startId === undefined ? undefined : history.event(startId);
    if (!start || shown.has(start.id)) continue;
    if (change.whole || pass.news.isNew(start)) out.push(start);
  }
  return out;
}
