import { redact } from "../event/redact.ts";
import { relationOf } from "../event/relation.ts";
import type { EventId, RoomId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import { roomVersion } from "../room-version/table.ts";
import type { Requester, Services } from "../services.ts";
import { relations, threadReplies } from "../tables.ts";
import type { StoredEvent } from "../tables.ts";
import { covers } from "../vector.ts";
import type { Vector } from "../vector.ts";
import { presenterFor, requireHistoryAccess } from "./access.ts";
import type { TimelineDeps } from "./access.ts";
import { AGGREGATED_CHILDREN_MAX, SCAN_CHUNK_ROWS } from "./constants.ts";
import { NO_FILTER } from "./event-filter.ts";
import { untilHere } from "./messages.ts";
import { pageLimit, readPage } from "./page.ts";
import { encodePageToken, parsePageToken } from "./page-token.ts";
import type { Point } from "./page-token.ts";
import { positionOf } from "./position.ts";
import type { Presenter } from "./presenter.ts";
import { walkTable } from "./walk.ts";
import type { Row } from "./walk.ts";

export interface ThreadsRequest {
  readonly requester: Requester;
  readonly room: RoomId;
  readonly onlyParticipated: boolean;
  readonly from: string | undefined;
  readonly limit: number | undefined;
}

/**
 * The roots of a room's threads, the one with the newest reply first. A page is one of replies, of
 * which the newest of each thread stands for its root.
 * https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidthreads
 * @throws MatrixError 400 M_INVALID_PARAM, 403 M_FORBIDDEN
 */
export async function readThreads(
  deps: TimelineDeps & Pick<Services, "notifier" | "timers">,
  request: ThreadsRequest,
): Promise<JsonObject> {
  const { requester, room, onlyParticipated } = request;
  const given = request.from === undefined ? undefined : parsePageToken(request.from);
  if (given) await untilHere(deps, room, given.vector);
  using snapshot = deps.reader.snapshot();
  requireHistoryAccess(deps, snapshot, requester, room);
  const presenter = presenterFor(deps, snapshot, requester, room);
  const from = given ?? { vector: snapshot.vector };
  const threads = new Threads(presenter, from.vector, onlyParticipated);
  const limit = Math.max(1, pageLimit(request.limit));
  // One more tells whether there is more: the rest may be all replies in threads that were told.
  const page = await readPage(presenter, {
    direction: "backwards",
    from,
    to: undefined,
    limit: limit + 1,
    filter: NO_FILTER,
    rows: (start, chunkRows) => threads.replies(start, chunkRows),
    accepts: (reply) => threads.isHead(reply),
  });
  const last = page.events.length > limit ? page.events[limit - 1] : undefined;
  const end = last
    ? { point: { side: "before", at: positionOf(last) } as const, vector: from.vector }
    : page.end;
  return {
    chunk: await presenter.timeline(threads.roots.slice(0, limit)),
    ...(end ? { next_batch: encodePageToken(end) } : {}),
  };
}

/** The threads of a room on the way back through their replies. */
class Threads {
  /** Those whose newest reply was met, in this order. */
  readonly roots: StoredEvent[] = [];
  readonly #presenter: Presenter;
  readonly #vector: Vector;
  readonly #onlyParticipated: boolean;
  readonly #rootOf = new Map<EventId, EventId>();
  readonly #met = new Set<EventId>();

  constructor(presenter: Presenter, vector: Vector, onlyParticipated: boolean) {
    this.#presenter = presenter;
    this.#vector = vector;
    this.#onlyParticipated = onlyParticipated;
  }

  async *replies(from: Point | undefined, chunkRows: number): AsyncGenerator<Row> {
    const { snapshot } = this.#presenter.options;
    const { room } = this.#presenter.history;
    const walk = { direction: "backwards", from, chunkRows } as const;
    for await (const { at, value } of walkTable(snapshot, threadReplies, [room], walk)) {
      this.#rootOf.set(at.id, value.root);
      yield { at, dot: value };
    }
  }

  /** Is the reply the newest of a thread that is to be listed? Then the thread is noted. */
  async isHead(reply: StoredEvent): Promise<boolean> {
    const id = this.#rootOf.get(reply.id);
    if (id === undefined || this.#met.has(id)) return false;
    this.#met.add(id);
    const root = this.#visibleRoot(id);
    if (!root || (await this.#newestReply(id)) !== reply.id) return false;
    if (this.#onlyParticipated && !(await this.#participated(root))) return false;
    this.roots.push(root);
    return true;
  }

  /** Of the replies that the page's vector covers: later ones do not move a thread between pages. */
  async #newestReply(root: EventId): Promise<EventId | undefined> {
    const { snapshot } = this.#presenter.options;
    const { room } = this.#presenter.history;
    const walk = { direction: "backwards", from: undefined, chunkRows: SCAN_CHUNK_ROWS } as const;
    for await (const { at } of walkTable(snapshot, relations, [room, root, "m.thread"], walk)) {
      const event = this.#presenter.history.event(at.id);
      if (event && covers(this.#vector, event) && this.#presenter.shows(event)) return event.id;
    }
    return undefined;
  }

  async #participated(root: StoredEvent): Promise<boolean> {
    const { snapshot, requester } = this.#presenter.options;
    if (root.pdu.sender === requester.user) return true;
    const replies = await snapshot.range(relations, {
      prefix: [root.room, root.id, "m.thread"],
      reverse: true,
      limit: AGGREGATED_CHILDREN_MAX,
    });
    return replies.some(([, { sender }]) => sender === requester.user);
  }

  /** The root as the user may see it: one by an ignored user without its content. */
  #visibleRoot(id: EventId): StoredEvent | undefined {
    const { history, viewer, ignored } = this.#presenter;
    const event = history.event(id);
    if (!event || event.hidden || event.rejected !== undefined) return undefined;
    // An event that relates to another one cannot begin a thread.
    if (relationOf(event.pdu.content) !== undefined || !viewer.canSee(event)) return undefined;
    const version = ignored.has(event.pdu.sender) ? history.meta?.version : undefined;
    return version === undefined
      ? event
      : { ...event, pdu: redact(roomVersion(version), event.pdu) };
  }
}
