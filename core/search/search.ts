import type { RoomId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import type { Snapshot } from "../ports.ts";
import { isForgotten } from "../rooms/queries/forgotten.ts";
import { readableState, roomAccess } from "../rooms/queries/readable-state.ts";
import { stateEvent } from "../rooms/queries/room-facts.ts";
import type { Requester } from "../services.ts";
import { events, memberships } from "../tables.ts";
import { presenterFor } from "../timeline/access.ts";
import type { TimelineDeps } from "../timeline/access.ts";
import type { Presenter } from "../timeline/presenter.ts";
import { SEARCH_ROOMS_MAX } from "./constants.ts";
import { parseCriteria } from "./criteria.ts";
import type { Criteria } from "./criteria.ts";
import { find } from "./find.ts";
import type { Ground, Match } from "./find.ts";
import { groupsJson, resultsJson } from "./results.ts";
import { encodeSearchToken, parseSearchToken } from "./search-token.ts";

/** Memberships of those who may have been in the room; whether they were is judged with the access. */
const WAS_IN: readonly string[] = ["join", "leave", "ban"];

export interface SearchRequest {
  readonly requester: Requester;
  /** The criteria of the category `room_events`. */
  readonly roomEvents: JsonObject;
  readonly nextBatch: string | undefined;
}

/**
 * Searches the events of the user's rooms that are not encrypted. There is no index of words: one
 * request looks through a bounded number of events, and `next_batch` goes on from there.
 * https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3search
 * @throws MatrixError 400 M_BAD_JSON, 400 M_INVALID_PARAM
 */
export async function searchRoomEvents(
  deps: TimelineDeps,
  { requester, roomEvents, nextBatch }: SearchRequest,
): Promise<JsonObject> {
  const criteria = parseCriteria(roomEvents);
  const token = nextBatch === undefined ? undefined : parseSearchToken(nextBatch);
  using snapshot = deps.reader.snapshot();
  const ground = await groundOf(deps, snapshot, requester, criteria);
  const found = await find(ground, criteria, token ?? { vector: snapshot.vector, told: 0 });
  const { page, count, next } = found;
  const { groupBy, includeState } = criteria;
  return {
    count,
    highlights: criteria.words,
    results: await resultsJson(ground, page, criteria.context),
    ...(next ? { next_batch: encodeSearchToken(next) } : {}),
    ...(groupBy.length > 0 ? { groups: groupsJson(page, groupBy) } : {}),
    ...(includeState ? { state: stateJson(deps, ground, requester, page) } : {}),
  };
}

/** The rooms that the user is or was in, that the filter lets through and that can be searched. */
async function groundOf(
  deps: TimelineDeps,
  snapshot: Snapshot,
  requester: Requester,
  { filter }: Criteria,
): Promise<Ground> {
  const { user } = requester;
  const rows = await snapshot.range(memberships, { prefix: [user], limit: SEARCH_ROOMS_MAX });
  const wasIn = rows.filter(([, { membership }]) => WAS_IN.includes(membership));
  const rooms = wasIn
    .map(([[, room]]) => room)
    .filter((room) => filter.allowsRoom(room) && !stateEvent(snapshot, room, "m.room.encryption"))
    .filter((room) => !isForgotten(snapshot, user, room))
    .filter((room) => roomAccess(deps, snapshot, { room, user }) !== undefined);
  const presenters = new Map<RoomId, Presenter>();
  return {
    snapshot,
    rooms,
    presenter(room) {
      const presenter = presenters.get(room) ?? presenterFor(deps, snapshot, requester, room);
      presenters.set(room, presenter);
      return presenter;
    },
  };
}

function stateJson(
  deps: TimelineDeps,
  { snapshot, presenter }: Ground,
  { user }: Requester,
  page: readonly Match[],
): JsonObject {
  const rooms = new Set(page.map(({ event }) => event.room));
  return Object.fromEntries(
    [...rooms].map((room) => {
      const state = readableState(deps, snapshot, { room, user });
      const held = [...state.entries()].flatMap(([, id]) => snapshot.get(events, [id]) ?? []);
      return [room, presenter(room).state(held)];
    }),
  );
}
