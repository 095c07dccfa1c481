import type { RoomId, UserId } from "../../ids.ts";
import type { View } from "../../ports.ts";
import { fields, memberships } from "../../tables.ts";
import { userDoc } from "../../user-data/section.ts";

/** The user document's section: room → the member event that was forgotten. */
export const FORGOTTEN = "forgotten";

/** What was forgotten is one leave: a later join, invite or knock makes the room known again. */
export function isForgotten(view: View, user: UserId, room: RoomId): boolean {
  const entry = view.get(memberships, [user, room]);
  return entry !== undefined && view.get(fields, [userDoc(user), FORGOTTEN, room]) === entry.event;
}
