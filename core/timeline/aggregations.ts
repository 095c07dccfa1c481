import type { EventId } from "../ids.ts";
import type { Json, JsonObject } from "../json.ts";
import { relations } from "../tables.ts";
import type { StoredEvent } from "../tables.ts";
import { AGGREGATED_CHILDREN_MAX, REFERENCES_MAX } from "./constants.ts";
import type { Presenter } from "./presenter.ts";

interface Child {
  readonly id: EventId;
  readonly type: string;
  readonly sender: string;
}

/**
 * `unsigned.m.relations` of events: the newest edit, the thread's summary, the references.
 * https://spec.matrix.org/v1.19/client-server-api/#aggregations-of-child-events
 */
export async function bundle(
  presenter: Presenter,
  parents: readonly StoredEvent[],
): Promise<Map<EventId, JsonObject>> {
  const out = new Map<EventId, JsonObject>();
  if (parents.length === 0) return out;
  const { room } = presenter.history;
  const { snapshot } = presenter.options;
  const any = await snapshot.range(relations, { prefix: [room], limit: 1 });
  if (any.length === 0) return out;
  await Promise.all(
    parents.map(async (parent) => {
      const found = await bundleOne(presenter, parent, true);
      if (found) out.set(parent.id, found);
    }),
  );
  return out;
}

async function bundleOne(
  presenter: Presenter,
  parent: StoredEvent,
  withThread: boolean,
): Promise<JsonObject | undefined> {
  // What a redacted event once related to is gone with its content.
  if (parent.redactedBy !== undefined) return undefined;
  const { snapshot } = presenter.options;
  const any = await snapshot.range(relations, { prefix: [parent.room, parent.id], limit: 1 });
  if (any.length === 0) return undefined;
  const out: Record<string, Json> = {};
  const [replace, reference, thread] = await Promise.all([
    childrenOf(presenter, parent, "m.replace"),
    childrenOf(presenter, parent, "m.reference"),
    withThread ? childrenOf(presenter, parent, "m.thread") : [],
  ]);
  const edit = newestEdit(presenter, parent, replace);
  if (edit) out["m.replace"] = presenter.nested(edit);
  if (reference.length > 0) {
    out["m.reference"] = {
      chunk: reference.slice(0, REFERENCES_MAX).map(({ id }) => ({ event_id: id })),
    };
  }
  const summary = await threadSummary(presenter, parent, thread);
  if (summary) out["m.thread"] = summary;
  return Object.keys(out).length > 0 ? out : undefined;
}

/** Children by people who are not ignored, oldest first. */
async function childrenOf(
  presenter: Presenter,
  parent: StoredEvent,
  type: string,
): Promise<Child[]> {
  const rows = await presenter.options.snapshot.range(relations, {
    prefix: [parent.room, parent.id, type],
    reverse: true,
    limit: AGGREGATED_CHILDREN_MAX,
  });
  return rows
    .toReversed()
    .map(([key, value]) => ({ id: key[5], ...value }))
    .filter(({ sender }) => !presenter.ignored.has(sender));
}

/**
 * The edit with the greatest time, then the greatest ID, by the author and of the event's own type.
 * https://spec.matrix.org/v1.19/client-server-api/#server-side-aggregation-of-mreplace-relationships
 */
function newestEdit(
  presenter: Presenter,
  parent: StoredEvent,
  children: readonly Child[],
): StoredEvent | undefined {
  const { pdu } = parent;
  // A state event and an edit cannot be edited.
  if (pdu.state_key !== undefined || relType(pdu.content) === "m.replace") return undefined;
  let newest: StoredEvent | undefined;
  for (const child of children) {
    if (child.sender !== pdu.sender || child.type !== pdu.type) continue;
    const event = presenter.history.event(child.id);
    if (!event || !isValidEdit(presenter, event)) continue;
    if (!newest || isNewer(event, newest)) newest = event;
  }
  return newest;
}

function isValidEdit(presenter: Presenter, event: StoredEvent): boolean {
  const { pdu } = event;
  if (pdu.state_key !== undefined || event.redactedBy !== undefined) return false;
  if (pdu.type !== "m.room.encrypted" && pdu.content["m.new_content"] === undefined) return false;
  return presenter.shows(event);
}

function isNewer(a: StoredEvent, b: StoredEvent): boolean {
  const [aTs, bTs] = [a.pdu.origin_server_ts, b.pdu.origin_server_ts];
  return aTs === bTs ? a.id > b.id : aTs > bTs;
}

/** https://spec.matrix.org/v1.19/client-server-api/#server-side-aggregation-of-mthread-relationships */
async function threadSummary(
  presenter: Presenter,
  root: StoredEvent,
  children: readonly Child[],
): Promise<JsonObject | undefined> {
  const alive = children.filter(({ id }) => presenter.history.event(id)?.redactedBy === undefined);
  const latest = alive.findLast(({ id }) => {
    const event = presenter.history.event(id);
    return event !== undefined && presenter.shows(event);
  });
  const event = latest && presenter.history.event(latest.id);
  if (!event) return undefined;
  const { user } = presenter.options.requester;
  return {
    latest_event: presenter.nested(event, await bundleOne(presenter, event, false)),
    count: alive.length,
    current_user_participated:
      root.pdu.sender === user || alive.some(({ sender }) => sender === user),
  };
}

export function relType(content: JsonObject): string | undefined {
  const relatesTo = content["m.relates_to"];
  if (typeof relatesTo !== "object" || relatesTo === null || Array.isArray(relatesTo)) {
    return undefined;
  }
  const type = (relatesTo as JsonObject)["rel_type"];
  return typeof type === "string" ? type : undefined;
}
