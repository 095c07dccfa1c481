import { parseRoomAlias, parseRoomId } from "../ids.ts";
import type { RoomId } from "../ids.ts";
import { invalidParam } from "../errors.ts";
import type { Services } from "../services.ts";
import { resolveAlias } from "./aliases.ts";

/**
 * The room that a room ID or an alias names.
 * @throws MatrixError 400 M_INVALID_PARAM, 404 M_NOT_FOUND
 */
export function resolveRoom(
  deps: Pick<Services, "reader" | "isCaughtUp" | "serverName">,
  text: string,
): RoomId {
  const room = parseRoomId(text);
  if (room) return room;
  const alias = parseRoomAlias(text);
  if (!alias) throw invalidParam(`${JSON.stringify(text)} is neither a room ID nor an alias.`);
  return resolveAlias(deps, alias).room;
}
