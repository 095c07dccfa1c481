import { splitStateKey } from "../event/state-key.ts";
import { isForgotten } from "../rooms/queries/forgotten.ts";
import type { StoredEvent } from "../tables.ts";
import { positionOf } from "../timeline/position.ts";
import type { Presenter } from "../timeline/presenter.ts";
import { roomAccountDataEvents } from "./account-data-section.ts";
import { stateSection, timelineJson } from "./joined-room.ts";
import type { RoomContext, RoomPart } from "./joined-room.ts";
import { lazily } from "./lazy-members.ts";
import type { OwnRoom } from "./own-rooms.ts";
import type { Pass } from "./pass.ts";
import { readRoomNews } from "./room-news.ts";
import type { Held, StateChange } from "./state-change.ts";
import { stateEvents } from "./state-change.ts";
import { newTimeline, recentTimeline } from "./timeline-section.ts";
import { ownEventBefore } from "./turned-back.ts";

/**
 * The part of a room that the user left or was banned from: what happened until then.
 * Undefined where the client knows already, or did not ask for it in a first sync.
 */
export async function leftRoom(
  pass: Pass,
  own: OwnRoom,
  context: RoomContext,
): Promise<RoomPart | undefined> {
  const presenter = pass.presenter(own.room);
  const { history } = presenter;
  const end = history.event(own.event);
  if (!end) return lostRoom(pass, own, context);
  if (isForgotten(pass.snapshot, pass.user, own.room)) return undefined;
  const isFirst = pass.isInitial || pass.request.fullState;
  const isWanted = pass.isInitial
    ? pass.request.filter.includeLeave
    : pass.news.isNew(end) ||
      pass.owesState(own.room) ||
      ownEventBefore(pass, presenter, own, context.user) !== "same" ||
      (isFirst && pass.request.filter.includeLeave);
  if (!isWanted) return undefined;
  if (!pass.isInitial) context.members.leftRooms.add(own.room);
  const wants = (event: StoredEvent): boolean => isOfStay(presenter, event, end);
  const timeline = pass.isInitial
    ? await recentTimeline(pass, presenter, { side: "after", at: positionOf(end) }, wants)
    : await newTimeline(pass, presenter, await readRoomNews(pass, own.room), wants);
  const change = isFirst ? wholeAt(presenter, end) : await changeAt(pass, presenter, end);
  const state = lazily(pass, presenter, stateEvents(pass, presenter, change, timeline.events), {
    whole: change.whole,
    timeline: timeline.events,
    wanted: [],
  });
  const accountData = await roomAccountDataEvents(pass, context.user, own.room, false);
  return {
    isNews: true,
    json: {
      ...stateSection(pass, presenter, state),
      timeline: await timelineJson(presenter, timeline),
      account_data: { events: accountData },
    },
  };
}

/** Of a room in which the user never was, as all boxes know now: only that. */
function lostRoom(pass: Pass, own: OwnRoom, context: RoomContext): RoomPart | undefined {
  if (pass.isInitial || isForgotten(pass.snapshot, pass.user, own.room)) return undefined;
  const isKnown = ownEventBefore(pass, pass.presenter(own.room), own, context.user) === "same";
  if (isKnown && !pass.owesState(own.room)) return undefined;
  context.members.leftRooms.add(own.room);
  return { isNews: true, json: { timeline: { events: [], limited: false } } };
}

/** Events up to the leaving, the leaving itself included, whoever did it. */
function isOfStay(presenter: Presenter, event: StoredEvent, end: StoredEvent): boolean {
  if (event.id === end.id) return true;
  return presenter.viewer.membershipAt(event) === "join" && presenter.shows(event);
}

/** The state when the user left, nothing of what came later. */
function wholeAt(presenter: Presenter, end: StoredEvent): StateChange {
  if (!wasJoined(presenter, end)) return ownOnly(presenter, end);
  const keys: Held[] = [];
  for (const [key, event] of presenter.history.stateAfter(end).entries()) {
    const [type, stateKey] = splitStateKey(key);
    keys.push({ type, stateKey, event });
  }
  return { whole: true, keys };
}

async function changeAt(pass: Pass, presenter: Presenter, end: StoredEvent): Promise<StateChange> {
  if (!wasJoined(presenter, end) || !pass.news.isNew(end)) return ownOnly(presenter, end);
  const news = await readRoomNews(pass, presenter.history.room);
  if (!news.complete) return wholeAt(presenter, end);
  const { history } = presenter;
  const keys = new Map<string, Held>();
  for (const { id, isState } of news.events) {
    const pdu = isState ? history.event(id)?.pdu : undefined;
    if (pdu?.state_key === undefined) continue;
    const { type, state_key: stateKey } = pdu;
    const event = history.after(end, type, stateKey);
    const held = event === undefined ? undefined : history.event(event);
    if (held && pass.news.isNew(held))
      keys.set(`${type}\u0000${stateKey}`, { type, stateKey, event });
  }
  return { whole: false, keys: [...keys.values()] };
}

/** For those who were only invited or knocking: that they are not any more. */
function ownOnly(presenter: Presenter, end: StoredEvent): StateChange {
  const { user } = presenter.viewer;
  return { whole: false, keys: [{ type: "m.room.member", stateKey: user, event: end.id }] };
}

function wasJoined(presenter: Presenter, end: StoredEvent): boolean {
  const { history, viewer } = presenter;
  const before = history.before(end, "m.room.member", viewer.user);
  return history.content(before)?.["membership"] === "join";
}
