import { prevEventIds } from "../event/pdu.ts";
import { stateKeyOf } from "../event/state-key.ts";
import type { StateKey } from "../event/state-key.ts";
import type { EventId } from "../ids.ts";
import { roomState } from "../tables.ts";
import type { StoredEvent } from "../tables.ts";
import type { Presenter } from "../timeline/presenter.ts";
import type { RoomHistory } from "../timeline/room-history.ts";
import { NEW_EVENTS_SEARCHED_MAX, ROOM_STATE_MAX } from "./constants.ts";
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
 * What changed since the client's token. Where all that the new events rest on shows one state, their
 * own keys are all that can differ. Where branches with different states come together, resolution may
 * have changed any key, even by a message that opens an old branch again: then all is sent.
 */
export async function stateChange(
  pass: Pass,
  presenter: Presenter,
  news: RoomNews,
): Promise<StateChange> {
  if (!news.complete) return wholeState(pass, presenter);
  const isLinear = pass.isAhead || restsOnOneState(pass, presenter);
  if (!isLinear) return wholeState(pass, presenter);
  return { whole: false, keys: touchedKeys(presenter, news) };
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

/**
 * Does all that is new in the room, also what nobody is shown, rest on one state that the client knows?
 * States are compared by their document heads.
 */
function restsOnOneState(pass: Pass, { history }: Presenter): boolean {
  const heads = new Set<string>();
  for (const event of knownEnds(pass, history, NEW_EVENTS_SEARCHED_MAX)) {
    if (event !== "too-many") heads.add(event.heads.join());
    if (event === "too-many" || heads.size > 1) return false;
  }
  return true;
}

/**
 * The newest events that the client knows: those that new ones, and the room's present, rest on. An event
 * that another one follows may be among them. Ends with "too-many" where more than `searchedMax` are looked at.
 */
export function* knownEnds(
  pass: Pass,
  history: RoomHistory,
  searchedMax: number,
): Generator<StoredEvent | "too-many"> {
  const seen = new Set<EventId>();
  const ends = [...(history.meta?.extremities ?? [])];
  for (let id = ends.pop(); id !== undefined; id = ends.pop()) {
    const event = seen.has(id) ? undefined : history.event(id);
    seen.add(id);
    if (seen.size > searchedMax) return yield "too-many";
    if (!event) continue;
    if (pass.news.isNew(event)) ends.push(...prevEventIds(event.pdu));
    else yield event;
  }
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
