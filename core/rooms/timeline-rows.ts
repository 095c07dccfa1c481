import { relationOf } from "../event/relation.ts";
import { eventsByTime, relations, threadReplies, timeline } from "../tables.ts";
import type { StoredEvent } from "../tables.ts";
import type { ApplyContext } from "../transaction/apply.ts";
import { logToTopic } from "../transaction/topics.ts";

/** Puts a visible event where clients find it. What is no news is found in the history alone. */
export function show(context: ApplyContext, stored: StoredEvent, isNews: boolean): void {
  const { view, dot } = context;
  const { pdu, id, room } = stored;
  const { depth, origin_server_ts: ts } = pdu;
  const entry = { origin: dot.origin, seq: dot.seq };
  view.put(timeline, [room, depth, ts, id], entry);
  view.put(eventsByTime, [room, ts, depth, id], entry);
  if (isNews) {
    const state = pdu.state_key === undefined ? {} : { state: true as const };
    logToTopic(context, `room:${room}`, { e: id, depth, ts, ...state });
  }
  const related = relationOf(pdu.content);
  if (!related) return;
  view.put(relations, [room, related.parent, related.type, depth, ts, id], {
    type: pdu.type,
    sender: pdu.sender,
  });
  if (related.type !== "m.thread") return;
  view.put(threadReplies, [room, depth, ts, id], { ...entry, root: related.parent });
}

/** Takes an event that turned out to be hidden out of sight. What clients were told stays in the log. */
export function hide(context: ApplyContext, stored: StoredEvent): void {
  const { pdu, id, room } = stored;
  context.view.del(timeline, [room, pdu.depth, pdu.origin_server_ts, id]);
  context.view.del(eventsByTime, [room, pdu.origin_server_ts, pdu.depth, id]);
  dropRelation(context, stored);
}

/** An event that is hidden or redacted relates to nothing. `stored` is as it was before. */
export function dropRelation({ view }: ApplyContext, stored: StoredEvent): void {
  const { pdu, id, room } = stored;
  const related = relationOf(pdu.content);
  if (!related) return;
  const { parent, type } = related;
  view.del(relations, [room, parent, type, pdu.depth, pdu.origin_server_ts, id]);
  if (type === "m.thread") view.del(threadReplies, [room, pdu.depth, pdu.origin_server_ts, id]);
}
