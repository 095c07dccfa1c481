import type { UserId } from "../ids.ts";
import type { Json, JsonObject } from "../json.ts";
import type { StoredEvent } from "../tables.ts";
import type { Presenter } from "../timeline/presenter.ts";
import { MEMBERSHIP_CHAIN_MAX } from "../timeline/constants.ts";
import { roomAccountDataEvents } from "./account-data-section.ts";
import type { UserNews } from "./account-data-section.ts";
import type { MemberNews } from "./device-lists-section.ts";
import { receiptEvents } from "./ephemeral-section.ts";
import type { TypingNews } from "./ephemeral-section.ts";
import { lazily } from "./lazy-members.ts";
import type { News } from "./news.ts";
import type { OwnRoom } from "./own-rooms.ts";
import type { Pass } from "./pass.ts";
import { readRoomNews } from "./room-news.ts";
import { stateChange, stateEvents, wholeState } from "./state-change.ts";
import type { StateChange } from "./state-change.ts";
import { summarise } from "./summary-section.ts";
import type { Summary } from "./summary-section.ts";
import { newTimeline, recentTimeline } from "./timeline-section.ts";
import type { RoomTimeline } from "./timeline-section.ts";
import { ownEventBefore } from "./turned-back.ts";
import { unreadCounts } from "./unread.ts";

/** What the rooms of one response share. */
export interface RoomContext {
  readonly user: UserNews;
  readonly typing: TypingNews;
  readonly members: MemberNews;
}

/** One room of a response. */
export interface RoomPart {
  readonly json: JsonObject;
  /** Does it answer a request that waits? */
  readonly isNews: boolean;
}

/** A joined room's part, or undefined when there is nothing to say of it. */
export async function joinedRoom(
  pass: Pass,
  own: OwnRoom,
  context: RoomContext,
): Promise<RoomPart | undefined> {
  const { room } = own;
  const { fullState } = pass.request;
  const owesState = pass.owesState(room);
  const touched = pass.isInitial || pass.news.touches(`room:${room}`);
  const isQuiet =
    !touched &&
    !owesState &&
    !fullState &&
    !pass.valueNews.touches(`receipts:${room}`) &&
    !context.user.roomTypes.has(room) &&
    !context.user.memberships.has(room);
  if (isQuiet && !context.typing.event(room, false)) return undefined;
  const presenter = pass.presenter(room);
  // A box that did not know of the join told nothing of the room, and the token counts it as told. So did
  // one for which the user was out, by what has come to nothing since.
  const hasJoined = touched && isNewJoin(pass, presenter, own, pass.news);
  const wasHidden =
    (owesState && isNewJoin(pass, presenter, own, pass.stateDebt ?? pass.news)) ||
    (!hasJoined && wasOut(pass, presenter, own, context.user));
  const isNewcomer = pass.isInitial || wasHidden || hasJoined;
  const roomNews = await readRoomNews(pass, room);
  const shows = presenter.shows.bind(presenter);
  const timeline = isNewcomer
    ? await recentTimeline(pass, presenter, undefined, shows)
    : await newTimeline(pass, presenter, roomNews, shows);
  const isWhole = isNewcomer || owesState || fullState;
  const change = isWhole
    ? await wholeState(pass, presenter)
    : await stateChange(pass, presenter, roomNews);
  noteMembers(context.members, own, change);
  // With a gap before it, so that the client takes it for the timeline and not for more of it.
  const parts = {
    isNewcomer,
    timeline: wasHidden ? { ...timeline, limited: true } : timeline,
    change,
  };
  return assemble(pass, presenter, context, parts);
}

/** A room that the filter leaves out: only who is in it matters, since keys are followed all the same. */
export async function unaskedRoom(
  pass: Pass,
  own: OwnRoom,
  { members, user }: RoomContext,
): Promise<void> {
  if (pass.isInitial) return;
  if (own.membership !== "join") {
    if (user.memberships.has(own.room)) members.leftRooms.add(own.room);
    return;
  }
  if (!pass.news.touches(`room:${own.room}`) && !pass.owesState(own.room)) return;
  const presenter = pass.presenter(own.room);
  const isWhole = pass.owesState(own.room) || isNewJoin(pass, presenter, own, pass.news);
  const change = isWhole
    ? { whole: true, keys: [] }
    : await stateChange(pass, presenter, await readRoomNews(pass, own.room));
  noteMembers(members, own, change);
}

interface Parts {
  readonly isNewcomer: boolean;
  readonly timeline: RoomTimeline;
  readonly change: StateChange;
}

async function assemble(
  pass: Pass,
  presenter: Presenter,
  context: RoomContext,
  { isNewcomer, timeline, change }: Parts,
): Promise<RoomPart | undefined> {
  const { room } = presenter.history;
  const summary = await summaryFor(pass, presenter, change);
  const wanted = [
    ...(change.whole ? [pass.request.requester.user] : []),
    ...(summary?.heroes ?? []),
  ];
  const state = lazily(pass, presenter, stateEvents(pass, presenter, change, timeline.events), {
    whole: change.whole,
    timeline: timeline.events,
    wanted,
  });
  const receipts = filterEphemeral(pass, room, await receiptEvents(pass, room, isNewcomer));
  const typingEvent = context.typing.event(room, isNewcomer);
  const typing = filterEphemeral(pass, room, typingEvent ? [typingEvent] : []);
  const accountData = await roomAccountDataEvents(pass, context.user, room, isNewcomer);
  const isNews =
    isNewcomer ||
    timeline.events.length > 0 ||
    timeline.limited ||
    state.length > 0 ||
    receipts.length > 0 ||
    accountData.length > 0 ||
    (typing.length > 0 && context.typing.isNews);
  // The room's news may all be events that the user does not see.
  if (!isNews && typing.length === 0 && !pass.request.fullState) return undefined;
  const json: Record<string, Json> = {
    ...stateSection(pass, presenter, state),
    timeline: await timelineJson(presenter, timeline),
    ephemeral: { events: [...receipts, ...typing] },
    account_data: { events: accountData },
    ...(summary ? { summary: summary.json } : {}),
    ...(await unreadCounts(pass, presenter)),
  };
  return { json, isNews };
}

/**
 * Has the user come into the room since what is no news? A new profile is a join on top of a join; if all own
 * member events back to one that the client knows are such, it was in the room all the time.
 */
function isNewJoin(pass: Pass, presenter: Presenter, own: OwnRoom, news: News): boolean {
  const { history } = presenter;
  let event: StoredEvent | undefined = history.event(own.event);
  for (let i = 0; i < MEMBERSHIP_CHAIN_MAX; i++) {
    if (!event || event.pdu.content["membership"] !== "join") return true;
    if (!news.isNew(event)) return false;
    const before = history.before(event, "m.room.member", pass.request.requester.user);
    event = before === undefined ? undefined : history.event(before);
  }
  return true;
}

function wasOut(pass: Pass, presenter: Presenter, own: OwnRoom, user: UserNews): boolean {
  const before = ownEventBefore(pass, presenter, own, user);
  return before !== "same" && presenter.history.content(before)?.["membership"] !== "join";
}

function noteMembers(members: MemberNews, own: OwnRoom, change: StateChange): void {
  if (change.whole) {
    members.newRooms.add(own.room);
    return;
  }
  for (const { type, stateKey } of change.keys) {
    if (type === "m.room.member") members.touched.add(stateKey as UserId);
  }
}

/** Sent when members may have come or gone, or a name that stands for them. */
async function summaryFor(
  pass: Pass,
  presenter: Presenter,
  change: StateChange,
): Promise<Summary | undefined> {
  const matters = change.keys.some(
    ({ type }) =>
      type === "m.room.member" || type === "m.room.name" || type === "m.room.canonical_alias",
  );
  return matters ? summarise(pass, presenter) : undefined;
}

function filterEphemeral(pass: Pass, room: string, events: readonly JsonObject[]): JsonObject[] {
  const { ephemeral } = pass.request.filter;
  if (!ephemeral.allowsRoom(room)) return [];
  return events.filter(({ type }) => typeof type === "string" && ephemeral.allows({ type }));
}

/** `state` or `state_after`, filtered. */
export function stateSection(
  pass: Pass,
  presenter: Presenter,
  state: readonly StoredEvent[],
): JsonObject {
  const filter = pass.request.filter.state;
  const { room } = presenter.history;
  const wanted = filter.allowsRoom(room) ? state.filter((event) => filter.allows(event.pdu)) : [];
  const name = pass.request.stateAfter === false ? "state" : pass.request.stateAfter;
  return { [name]: { events: presenter.state(wanted) } };
}

export async function timelineJson(
  presenter: Presenter,
  timeline: RoomTimeline,
): Promise<JsonObject> {
  return {
    events: await presenter.timeline(timeline.events),
    limited: timeline.limited,
    ...(timeline.prevBatch === undefined ? {} : { prev_batch: timeline.prevBatch }),
  };
}
