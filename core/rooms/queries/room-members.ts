import type { JsonObject } from "../../json.ts";
import type { Snapshot } from "../../ports.ts";
import { parsePageToken } from "../../timeline/page-token.ts";
import { walk } from "../../timeline/walk.ts";
import { covers } from "../../vector.ts";
import { stateAfter } from "../state-view.ts";
import type { StateView } from "../state-view.ts";
import { readableState } from "./readable-state.ts";
import { isJoined, refuseWhileBehind } from "./room-facts.ts";
import { memberEvents, presenter } from "./room-state.ts";
import type { RoomQuery, StateDeps } from "./room-state.ts";

/** Timeline rows read at once, and in all, on the way back to the moment that a token names. */
const ROWS_AT_ONCE = 100;
const ROWS_MAX = 5000;

export interface MembersQuery extends RoomQuery {
  /** A sync or pagination token: the members of that moment. */
  readonly at?: string | undefined;
  readonly membership?: string | undefined;
  readonly notMembership?: string | undefined;
}

/**
 * https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidmembers
 * @throws MatrixError 400 M_INVALID_PARAM, 403 M_FORBIDDEN
 */
export async function roomMembers(deps: StateDeps, query: MembersQuery): Promise<JsonObject[]> {
  refuseWhileBehind(deps, query.room);
  using snapshot = deps.reader.snapshot();
  const { room, requester } = query;
  const readable = readableState(deps, snapshot, { room, user: requester.user });
  // Those who left see one moment only.
  const past =
    query.at !== undefined && isJoined(snapshot, room, requester.user)
      ? await stateAt(deps, snapshot, query, query.at)
      : undefined;
  const members = memberEvents(snapshot, past ?? readable, wantedBy(query));
  return presenter(deps, snapshot, query).state(members);
}

/** Both parameters together mean either of them. */
function wantedBy({ membership, notMembership }: MembersQuery): (value: unknown) => boolean {
  if (membership === undefined && notMembership === undefined) return () => true;
  return (value) =>
    (membership !== undefined && value === membership) ||
    (notMembership !== undefined && value !== notMembership);
}

/**
 * The state after the newest event that the token covers; undefined when it lies too far back, where
 * the current state, which holds more than the client asked for, does less harm than an error.
 */
async function stateAt(
  deps: StateDeps,
  snapshot: Snapshot,
  { room }: RoomQuery,
  at: string,
): Promise<StateView | undefined> {
  const { point, vector } = parsePageToken(at);
  let seen = 0;
  for await (const row of walk(snapshot, room, "backwards", point, ROWS_AT_ONCE)) {
    if (covers(vector, row.dot)) {
      return stateAfter({ view: snapshot, docs: deps.documents }, room, row.at.id);
    }
    if (++seen >= ROWS_MAX) return undefined;
  }
  return undefined;
}
