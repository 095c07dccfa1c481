import { forbidden, invalidParam } from "../errors.ts";
import { parseRoomId } from "../ids.ts";
import type { RoomId, UserId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import type { Snapshot } from "../ports.ts";
import { readInRoom } from "../rooms/queries/read-in-room.ts";
import type { Services } from "../services.ts";
import { previewOf } from "./room-summary.ts";
import { childEventJson, childrenOf } from "./space-children.ts";

/** Rooms in one answer, asked for or not. */
const HIERARCHY_PAGE_MAX = 50;
/** Rooms of one hierarchy; those beyond are never told. */
const HIERARCHY_ROOMS_MAX = 2000;
/** Levels below the space. */
const HIERARCHY_DEPTH_MAX = 20;

export interface HierarchyQuery {
  readonly room: RoomId;
  readonly user: UserId;
  readonly suggestedOnly: boolean;
  readonly maxDepth: number | undefined;
  readonly limit: number | undefined;
  readonly from: string | undefined;
}

/**
 * A space with the rooms below it that the user may know of, depth first; each room once, whatever
 * loops the spaces make. Every page walks the tree anew, so any box gives the next one.
 * https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv1roomsroomidhierarchy
 * @throws MatrixError 400 M_INVALID_PARAM, 403 M_FORBIDDEN
 */
export async function spaceHierarchy(
  deps: Pick<Services, "reader" | "isCaughtUp">,
  query: HierarchyQuery,
): Promise<JsonObject> {
  const limit = Math.max(1, Math.min(query.limit ?? HIERARCHY_PAGE_MAX, HIERARCHY_PAGE_MAX));
  const from = query.from === undefined ? undefined : decodeToken(query.from);
  requireSameQuery(query, from);
  using snapshot = deps.reader.snapshot();
  readInRoom(deps, () => {
    if (previewOf(snapshot, query.room, query.user)) return;
    throw forbidden("You are not allowed to view this room.");
  });
  const rooms = await walkTree(snapshot, query);
  const start = from ? placeAfter(rooms, from) : 0;
  const page = rooms.slice(start, start + limit);
  const last = page.at(-1);
  const isMore = last !== undefined && start + page.length < rooms.length;
  return {
    rooms: page.map(({ json }) => json),
    ...(isMore
      ? { next_batch: encodeToken(query, { room: last.room, told: start + page.length }) }
      : {}),
  };
}

interface Found {
  readonly room: RoomId;
  readonly json: JsonObject;
}

async function walkTree(snapshot: Snapshot, query: HierarchyQuery): Promise<Found[]> {
  const depthMax = Math.min(query.maxDepth ?? HIERARCHY_DEPTH_MAX, HIERARCHY_DEPTH_MAX);
  const found: Found[] = [];
  const met = new Set<RoomId>([query.room]);
  const visit = async (room: RoomId, depth: number): Promise<void> => {
    const preview = previewOf(snapshot, room, query.user);
    if (!preview || found.length === HIERARCHY_ROOMS_MAX) return;
    const children = await childrenOf(snapshot, room, query.suggestedOnly);
    found.push({ room, json: { ...preview, children_state: children.map(childEventJson) } });
    if (depth === depthMax) return;
    for (const child of children) {
      if (met.has(child.room)) continue;
      met.add(child.room);
      await visit(child.room, depth + 1);
    }
  };
  await visit(query.room, 0);
  return found;
}

/** The last room that was told, and how many were: the one finds the place if the other is gone. */
interface Place {
  readonly room: RoomId;
  readonly told: number;
}

function placeAfter(rooms: readonly Found[], { room, told }: Place): number {
  const at = rooms.findIndex((found) => found.room === room);
  return at < 0 ? told : at + 1;
}

type Token = Place & Pick<HierarchyQuery, "suggestedOnly" | "maxDepth">;

function requireSameQuery(query: HierarchyQuery, from: Token | undefined): void {
  if (!from) return;
  if (from.suggestedOnly !== query.suggestedOnly || from.maxDepth !== query.maxDepth) {
    throw invalidParam("'suggested_only' and 'max_depth' cannot change from page to page.");
  }
}

function encodeToken({ suggestedOnly, maxDepth }: HierarchyQuery, { room, told }: Place): string {
  const parts = [room, told, suggestedOnly, maxDepth ?? null];
  return Buffer.from(JSON.stringify(parts)).toString("base64url");
}

function decodeToken(text: string): Token {
  const [roomText, told, suggestedOnly, maxDepth] = parseToken(text);
  const room = parseRoomId(roomText);
  const isCount = typeof told === "number" && Number.isSafeInteger(told) && told >= 0;
  const isDepth = typeof maxDepth === "number" || maxDepth === null;
  if (!room || !isCount || !isDepth || typeof suggestedOnly !== "boolean") {
    throw invalidParam("'from' is not a token of this hierarchy.");
  }
  return { room, told, suggestedOnly, maxDepth: maxDepth ?? undefined };
}

function parseToken(text: string): readonly unknown[] {
  try {
    const value = JSON.parse(Buffer.from(text, "base64url").toString()) as unknown;
    return Array.isArray(value) ? value : [];
  } catch {
    return [];
  }
}
