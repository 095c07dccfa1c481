import { invalidParam, notFound } from "../errors.ts";
import type { RoomId } from "../ids.ts";
import { isObject } from "../json.ts";
import type { JsonObject } from "../json.ts";
import type { Snapshot } from "../ports.ts";
import type { Services } from "../services.ts";
import { fields, rooms } from "../tables.ts";
import { DIRECTORY } from "./alias-records.ts";
import { publishedRoom } from "./room-summary.ts";

/** Published rooms that are considered for one answer. */
const PUBLISHED_ROOMS_MAX = 20_000;
/** Rooms in one answer, asked for or not. */
const PAGE_ROOMS_MAX = 100;

export interface PublicRoomsQuery {
  readonly server?: string | undefined;
  readonly limit?: number | undefined;
  readonly since?: string | undefined;
  readonly searchTerm?: string | undefined;
  /** `null` stands for rooms without a type. */
  readonly roomTypes?: readonly (string | null)[] | undefined;
}

/** A place in the order of the directory, the same on every box: largest first, then by room ID. */
interface Place {
  readonly joined: number;
  readonly room: RoomId;
}

/**
 * https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3publicrooms
 * @throws MatrixError 400 M_INVALID_PARAM, 404 M_NOT_FOUND for another server's directory
 */
export async function publicRooms(
  deps: Pick<Services, "reader" | "serverName">,
  query: PublicRoomsQuery,
): Promise<JsonObject> {
  if (query.server !== undefined && query.server !== deps.serverName) {
    throw notFound("The directory of another server cannot be read: federation is not available.");
  }
  const limit = pageSize(query.limit);
  const since = query.since === undefined ? undefined : decodeToken(query.since);
  using snapshot = deps.reader.snapshot();
  const places = (await publishedPlaces(snapshot)).filter((place) =>
    matches(snapshot, place.room, query),
  );
  const [start, end] = pageBounds(places, limit, since);
  const [first, last] = [places[start], places[end - 1]];
  return {
    chunk: places.slice(start, end).map(({ room }) => publishedRoom(snapshot, room) ?? {}),
    ...(last && end < places.length ? { next_batch: encodeToken("after", last) } : {}),
    ...(first && start > 0 ? { prev_batch: encodeToken("before", first) } : {}),
    total_room_count_estimate: places.length,
  };
}

function pageSize(limit: number | undefined): number {
  if (limit === undefined || limit === 0) return PAGE_ROOMS_MAX;
  if (!Number.isSafeInteger(limit) || limit < 0) throw invalidParam("'limit' must be positive.");
  return Math.min(limit, PAGE_ROOMS_MAX);
}

async function publishedPlaces(snapshot: Snapshot): Promise<Place[]> {
  const rows = await snapshot.range(fields, {
    prefix: ["mesh", DIRECTORY],
    limit: PUBLISHED_ROOMS_MAX,
  });
  return rows
    .flatMap(([[, , key]]) => {
      const room = key as RoomId;
      const joined = snapshot.get(rooms, [room])?.joined ?? 0;
      return joined > 0 ? [{ joined, room }] : [];
    })
    .toSorted(comparePlaces);
}

function comparePlaces(a: Place, b: Place): number {
  if (a.joined !== b.joined) return b.joined - a.joined;
  if (a.room === b.room) return 0;
  return a.room < b.room ? -1 : 1;
}

function matches(snapshot: Snapshot, room: RoomId, query: PublicRoomsQuery): boolean {
  const { searchTerm, roomTypes } = query;
  if (searchTerm === undefined && roomTypes === undefined) return true;
  const found = publishedRoom(snapshot, room);
  if (!found) return false;
  const type = typeof found["room_type"] === "string" ? found["room_type"] : null;
  if (roomTypes !== undefined && !roomTypes.includes(type)) return false;
  if (searchTerm === undefined) return true;
  const wanted = searchTerm.toLowerCase();
  return [found["name"], found["topic"], found["canonical_alias"]].some(
    (text) => typeof text === "string" && text.toLowerCase().includes(wanted),
  );
}

interface Since extends Place {
  readonly direction: "after" | "before";
}

/** The page after or before a place, whether or not the room that was there still is. */
function pageBounds(
  places: readonly Place[],
  limit: number,
  since: Since | undefined,
): [start: number, end: number] {
  if (!since) return [0, Math.min(limit, places.length)];
  const following = places.findIndex((place) => {
    const order = comparePlaces(place, since);
    return since.direction === "after" ? order > 0 : order >= 0;
  });
  const at = following < 0 ? places.length : following;
  return since.direction === "after"
    ? [at, Math.min(at + limit, places.length)]
    : [Math.max(0, at - limit), at];
}

function encodeToken(direction: Since["direction"], { joined, room }: Place): string {
  return Buffer.from(JSON.stringify([direction, joined, room])).toString("base64url");
}

function decodeToken(text: string): Since {
  const parts = parseToken(text);
  const [direction, joined, room] = parts;
  if (
    (direction !== "after" && direction !== "before") ||
    typeof joined !== "number" ||
    typeof room !== "string"
  ) {
    throw invalidParam("'since' is not a token of this directory.");
  }
  return { direction, joined, room: room as RoomId };
}

function parseToken(text: string): readonly unknown[] {
  try {
    const value = JSON.parse(Buffer.from(text, "base64url").toString()) as unknown;
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}

/** The `filter` of a query, as the endpoint's schema lets it through. */
export function searchFilter(filter: unknown): Pick<PublicRoomsQuery, "searchTerm" | "roomTypes"> {
  if (!isObject(filter)) return {};
  const { generic_search_term: term, room_types: types } = filter;
  return {
    ...(typeof term === "string" && term !== "" ? { searchTerm: term } : {}),
    ...(Array.isArray(types) ? { roomTypes: types as readonly (string | null)[] } : {}),
  };
}
