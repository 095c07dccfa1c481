import { events } from "../tables.ts";
import type { StoredEvent } from "../tables.ts";
import type { ApplyContext } from "../transaction/apply.ts";

/** Keeps an event, its members in one order: equal events are equal bytes on every box. */
export function keepEvent({ view }: Pick<ApplyContext, "view">, event: StoredEvent): void {
  const { id, room, pdu, heads, generation, origin, seq, time, ...marks } = event;
  const { txn, redactedBy, rejected, hidden, byAdmin, ruleContent } = marks;
  view.put(events, [id], {
    id,
    room,
    pdu,
    heads,
    ...(generation === undefined ? {} : { generation }),
    origin,
    seq,
    time,
    ...(txn ? { txn } : {}),
    ...(redactedBy ? { redactedBy } : {}),
    ...(rejected === undefined ? {} : { rejected }),
    ...(hidden ? { hidden } : {}),
    ...(byAdmin ? { byAdmin } : {}),
    ...(ruleContent ? { ruleContent } : {}),
  });
}

/** The order in which one of several events is chosen, alike on every box: by time, then by ID. */
export function isEarlier(a: StoredEvent, b: StoredEvent): boolean {
  const [aTs, bTs] = [a.pdu.origin_server_ts, b.pdu.origin_server_ts];
  return aTs === bTs ? a.id < b.id : aTs < bTs;
}
