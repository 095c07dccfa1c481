import { invalidParam } from "../errors.ts";
import { parseRoomId } from "../ids.ts";
import type { RoomId, UserId } from "../ids.ts";
import { joinedRooms } from "../rooms/queries/joined-rooms.ts";
import type { Services } from "../services.ts";
import { memberships } from "../tables.ts";

/** Rooms in one answer. */
const MUTUAL_ROOMS_PAGE_MAX = 500;

export interface MutualRooms {
  readonly joined: readonly RoomId[];
  /** Of all pages. */
  readonly count: number;
  readonly next: string | undefined;
}

/**
 * The rooms that both users are joined to, by room ID. A token is a place in that order, so any box
 * takes it, at any time.
 * https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1mutual_rooms
 * @throws MatrixError 400 M_INVALID_PARAM for oneself, and for a token that is none
 */
export async function mutualRooms(
  deps: Pick<Services, "reader">,
  input: { readonly asking: UserId; readonly other: UserId; readonly from: string | undefined },
): Promise<MutualRooms> {
  const { asking, other } = input;
  if (asking === other) throw invalidParam("'user_id' must be another user than yourself.");
  const after = input.from === undefined ? undefined : decodeToken(input.from);
  const shared = (await joinedRooms(deps, asking))
    .filter((room) => deps.reader.get(memberships, [other, room])?.membership === "join")
    .toSorted();
  const rest = after === undefined ? shared : shared.filter((room) => room > after);
  const joined = rest.slice(0, MUTUAL_ROOMS_PAGE_MAX);
  const last = rest.length > joined.length ? joined.at(-1) : undefined;
  return { joined, count: shared.length, next: last && encodeToken(last) };
}

function encodeToken(room: RoomId): string {
  return Buffer.from(room).toString("base64url");
}

function decodeToken(text: string): RoomId {
  const room = parseRoomId(Buffer.from(text, "base64url").toString());
  if (!room) throw invalidParam("'from' is not a token of this list.");
  return room;
}
