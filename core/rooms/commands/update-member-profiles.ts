import { assert, MatrixError } from "../../errors.ts";
import type { RoomId, UserId } from "../../ids.ts";
import type { Env } from "../../ports.ts";
import type { Draft } from "../../transaction/draft.ts";
import { isJoined } from "../queries/room-facts.ts";
import { memberContent } from "./member-content.ts";
import { putState } from "./put-state.ts";

/** Rooms that one transaction tells of a profile; an event is two records and some milliseconds. */
export const PROFILE_ROOMS_MAX = 400;

/**
 * Repeats the user's profile, as the draft has it, in the member events of these rooms, of which at
 * most PROFILE_ROOMS_MAX are given; `joinedRooms` lists them. Rooms that have it already or that the
 * user has left, and a room that refuses, are passed over.
 * https://spec.matrix.org/v1.19/client-server-api/#events-on-change-of-profile-information
 */
export function updateMemberProfiles(
  draft: Draft,
  env: Env,
  input: { readonly user: UserId; readonly rooms: readonly RoomId[] },
): void {
  const { user } = input;
  assert(input.rooms.length <= PROFILE_ROOMS_MAX, "a profile reaches few rooms at a time");
  const content = memberContent(draft, user, "join");
  for (const room of input.rooms) {
    if (!isJoined(draft, room, user)) continue;
    try {
      putState(draft, env, { room, sender: user, type: "m.room.member", stateKey: user, content });
    } catch (error) {
      if (!(error instanceof MatrixError) || error.status !== 403) throw error;
    }
  }
}
