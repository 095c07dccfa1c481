import { powerLevels } from "../../auth/power.ts";
import type { PowerLevels } from "../../auth/power.ts";
import type { RoomId } from "../../ids.ts";
import type { View } from "../../ports.ts";
import { roomVersion } from "../../room-version/table.ts";
import { requireRoom, stateEvent } from "./room-facts.ts";

/** The power levels in force in a room now. Throws MatrixError 403 for an unknown room. */
export function powersIn(view: View, room: RoomId): PowerLevels {
  const version = roomVersion(requireRoom(view, room).version);
  return powerLevels(version, { get: (type, key) => stateEvent(view, room, type, key)?.pdu });
}
