import { forbidden } from "../errors.ts";
import type { RoomAlias, RoomId, UserId } from "../ids.ts";
import { readInRoom } from "../rooms/queries/read-in-room.ts";
import type { Services } from "../services.ts";
import { historyVisibility, isJoined } from "../rooms/queries/room-facts.ts";
import { fields } from "../tables.ts";
import { ALIASES, parseAliasRecord } from "./alias-records.ts";

/** Aliases of the whole server that are looked through for those of one room. */
const ALIASES_READ_MAX = 20_000;

/** The server's aliases for a room, in order. */
export async function localAliasesOf(
  deps: Pick<Services, "reader">,
  room: RoomId,
): Promise<RoomAlias[]> {
  using snapshot = deps.reader.snapshot();
  const rows = await snapshot.range(fields, {
    prefix: ["mesh", ALIASES],
    limit: ALIASES_READ_MAX,
  });
  return rows
    .filter(([, value]) => parseAliasRecord(value)?.room === room)
    .map(([[, , alias]]) => alias as RoomAlias);
}

/**
 * https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidaliases
 * @throws MatrixError 403 M_FORBIDDEN to those outside of a room that is not world-readable
 */
export async function getLocalAliases(
  deps: Pick<Services, "reader" | "isCaughtUp">,
  input: { readonly room: RoomId; readonly user: UserId },
): Promise<RoomAlias[]> {
  readInRoom(deps, () => {
    const allowed =
      isJoined(deps.reader, input.room, input.user) ||
      historyVisibility(deps.reader, input.room) === "world_readable";
    if (!allowed) throw forbidden("You are not a member of the room.");
  });
  return localAliasesOf(deps, input.room);
}
