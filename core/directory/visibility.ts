import { isAdmin } from "../account/accounts.ts";
import { forbidden, notFound } from "../errors.ts";
import type { RoomId, UserId } from "../ids.ts";
import { runInRoom } from "../rooms/commands/run-in-room.ts";
import type { RoomDeps } from "../rooms/commands/run-in-room.ts";
import { powersIn } from "../rooms/queries/powers.ts";
import { readInRoom } from "../rooms/queries/read-in-room.ts";
import { isJoined } from "../rooms/queries/room-facts.ts";
import type { View } from "../ports.ts";
import type { Services } from "../services.ts";
import { fields, rooms } from "../tables.ts";
import type { Draft } from "../transaction/draft.ts";
import { DIRECTORY } from "./alias-records.ts";

export type Visibility = "public" | "private";

/** https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3directorylistroomroomid */
export function getVisibility(
  deps: Pick<Services, "reader" | "isCaughtUp">,
  room: RoomId,
): Visibility {
  readInRoom(deps, () => requireExisting(deps.reader, room));
  const published = deps.reader.get(fields, ["mesh", DIRECTORY, room]) !== undefined;
  return published ? "public" : "private";
}

export interface VisibilityInput {
  readonly room: RoomId;
  readonly user: UserId;
  readonly visibility: Visibility;
}

/**
 * For administrators and for members who may name the room.
 * https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3directorylistroomroomid
 * @throws MatrixError 403 M_FORBIDDEN, 404 M_NOT_FOUND
 */
export async function setVisibility(deps: RoomDeps, input: VisibilityInput): Promise<void> {
  await runInRoom(deps, putVisibility, input);
}

export function putVisibility(draft: Draft, { room, user, visibility }: VisibilityInput): void {
  requireExisting(draft, room);
  const powers = powersIn(draft, room);
  const mayName =
    isJoined(draft, room, user) &&
    powers.user(user) >= powers.event("m.room.canonical_alias", true);
  if (!mayName && !isAdmin(draft, user)) {
    throw forbidden("You may not change whether this room is published.");
  }
  const value = visibility === "public" ? { visibility } : undefined;
  draft.setField("mesh", DIRECTORY, room, value);
}

function requireExisting(view: View, room: RoomId): void {
  if (!view.get(rooms, [room])) throw notFound("Room not found");
}
