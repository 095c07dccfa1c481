import type { RoomId, UserId } from "../../ids.ts";
import type { Services } from "../../services.ts";
import { memberships } from "../../tables.ts";

/** Rooms that one user may ever have been in; reading them is one scan. */
const MEMBERSHIPS_READ_MAX = 50_000;

/** https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3joined_rooms */
export async function joinedRooms(deps: Pick<Services, "reader">, user: UserId): Promise<RoomId[]> {
  using snapshot = deps.reader.snapshot();
  const rows = await snapshot.range(memberships, { prefix: [user], limit: MEMBERSHIPS_READ_MAX });
  return rows.filter(([, entry]) => entry.membership === "join").map(([[, room]]) => room);
}
