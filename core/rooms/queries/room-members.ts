import type { JsonObject } from "../../json.ts";
import { parsePageToken } from "../../timeline/page-token.ts";
import { readInRoom } from "./read-in-room.ts";
import { readableState } from "./readable-state.ts";
import { isJoined } from "./room-facts.ts";
import { memberEvents, presenter } from "./room-state.ts";
import type { RoomQuery, StateDeps } from "./room-state.ts";
import { stateTold } from "./state-told.ts";

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
export function roomMembers(deps: StateDeps, query: MembersQuery): JsonObject[] {
  using snapshot = deps.reader.snapshot();
  const { room, requester } = query;
  const readable = readInRoom(deps, () =>
    readableState(deps, snapshot, { room, user: requester.user }),
  );
  const token = query.at === undefined ? undefined : parsePageToken(query.at);
  // Those who left see one moment only. Where the token's lies too far back, the current state, which
  // holds more than the client asked for, does less harm than an error.
  const past =
    token && isJoined(snapshot, room, requester.user)
      ? stateTold({ view: snapshot, docs: deps.documents }, room, token)
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
