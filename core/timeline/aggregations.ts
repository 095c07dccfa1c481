import { relationOf } from "../event/relation.ts";
import type { EventId } from "../ids.ts";
import type { Json, JsonObject } from "../json.ts";
import { relations } from "../tables.ts";
import type { StoredEvent } from "../tables.ts";
import { AGGREGATED_CHILDREN_MAX, REFERENCES_MAX } from "./constants.ts";
import type { Presenter } from "./presenter.ts";

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
  // Many rooms have none at all, which spares a read for each event.
  const isWorthIt = parents.length > 1;
  const any = isWorthIt ? await snapshot.range(relations, { prefix: [room], limit: 1 }) : parents;
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
  // The specification leaves state events out.
  if (parent.pdu.state_key !== undefined) return undefined;
  const { snapshot } = presenter.options;
  const any = await snapshot.range(relations, { prefix: [parent.room, parent.id], limit: 1 });
  if (any.length === 0) return undefined;
  const out: Record<string, Json> = {};
  // An event that relates to another one cannot begin a thread.
  const mayBeRoot = withThread && relationOf(parent.pdu.content) === undefined;
  const [edits, references, replies] = await Promise.all([
    mayBeEdited(parent) ? childrenOf(presenter, parent, "m.replace", isByAuthor(parent)) : [],
    childrenOf(presenter, parent, "m.reference"),
    mayBeRoot ? childrenOf(presenter, parent, "m.thread") : [],
  ]);
  const edit = newestEdit(edits);
  if (edit) out["m.replace"] = presenter.nested(edit);
  if (references.length > 0) {
    out["m.reference"] = {
      chunk: references.slice(-REFERENCES_MAX).map(({ id }) => ({ event_id: id })),
    };
  }
  const summary = await threadSummary(presenter, parent, replies);
  if (summary) out["m.thread"] = summary;
  return Object.keys(out).length > 0 ? out : undefined;
}

/** What the index says of a child. */
interface Relation {
  readonly type: string;
  readonly sender: string;
}

/** Children that the user may see, oldest first. A redacted one is none any more. */
async function childrenOf(
  presenter: Presenter,
  parent: StoredEvent,
  type: string,
  wants: (relation: Relation) => boolean = () => true,
): Promise<StoredEvent[]> {
  const rows = await presenter.options.snapshot.range(relations, {
    prefix: [parent.room, parent.id, type],
    reverse: true,
    limit: AGGREGATED_CHILDREN_MAX,
  });
  return rows.toReversed().flatMap(([key, relation]) => {
    if (presenter.ignored.has(relation.sender) || !wants(relation)) return [];
    const event = presenter.history.event(key[5]);
    return event && event.redactedBy === undefined && presenter.shows(event) ? [event] : [];
  });
}

/** A redacted event keeps no edit; an edit has none. */
function mayBeEdited({ pdu, redactedBy }: StoredEvent): boolean {
  return redactedBy === undefined && relationOf(pdu.content)?.type !== "m.replace";
}

function isByAuthor({ pdu }: StoredEvent): (relation: Relation) => boolean {
  return ({ sender, type }) => sender === pdu.sender && type === pdu.type;
}

/**
 * The valid edit with the greatest time, then the greatest ID.
 * https://spec.matrix.org/v1.19/client-server-api/#server-side-aggregation-of-mreplace-relationships
 */
function newestEdit(edits: readonly StoredEvent[]): StoredEvent | undefined {
  let newest: StoredEvent | undefined;
  for (const edit of edits) {
    if (isValidEdit(edit) && (!newest || isNewer(edit, newest))) newest = edit;
  }
  return newest;
}

/** What an encrypted edit holds is for the clients to judge. */
function isValidEdit({ pdu }: StoredEvent): boolean {
  if (pdu.state_key !== undefined) return false;
  return pdu.type === "m.room.encrypted" || pdu.content["m.new_content"] !== undefined;
}

function isNewer(a: StoredEvent, b: StoredEvent): boolean {
  const [aTs, bTs] = [a.pdu.origin_server_ts, b.pdu.origin_server_ts];
  return aTs === bTs ? a.id > b.id : aTs > bTs;
}

/** https://spec.matrix.org/v1.19/client-server-api/#server-side-aggregation-of-mthread-relationships */
async function threadSummary(
  presenter: Presenter,
  root: StoredEvent,
  replies: readonly StoredEvent[],
): Promise<JsonObject | undefined> {
  const latest = replies.at(-1);
  if (!latest) return undefined;
  const { user } = presenter.options.requester;
  return {
    latest_event: presenter.nested(latest, await bundleOne(presenter, latest, false)),
    count: replies.length,
    current_user_participated: [root, ...replies].some(({ pdu }) => pdu.sender === user),
  };
}
