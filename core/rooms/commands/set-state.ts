import { aliasTarget } from "../../directory/alias-records.ts";
import { badJson, invalidParam, MatrixError } from "../../errors.ts";
import { parseRoomAlias, parseUserId } from "../../ids.ts";
import type { EventId, RoomId } from "../../ids.ts";
import type { Json, JsonObject } from "../../json.ts";
import type { Env } from "../../ports.ts";
import type { Draft } from "../../transaction/draft.ts";
import { requireRoom, stateContent } from "../queries/room-facts.ts";
import { profileContent, requireInvitable } from "./member-content.ts";
import { putState } from "./put-state.ts";
import type { StateToPut } from "./put-state.ts";
import { runInRoom } from "./run-in-room.ts";
import type { RoomDeps } from "./run-in-room.ts";

/**
 * https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidstateeventtypestatekey
 * @throws MatrixError 400 M_INVALID_PARAM, 400 M_BAD_ALIAS, 403 M_FORBIDDEN, 403 M_INVITE_BLOCKED
 */
export async function setRoomState(deps: RoomDeps, input: StateToPut): Promise<EventId> {
  return runInRoom(deps, setState, input);
}

export function setState(draft: Draft, input: StateToPut, env: Env): EventId {
  requireRoom(draft, input.room);
  if (input.type === "m.room.canonical_alias") checkNewAliases(draft, input.room, input.content);
  const content = input.type === "m.room.member" ? membership(draft, input, env) : input.content;
  return putState(draft, env, { ...input, content }).id;
}

/** A membership set as plain state follows the rules of the membership endpoints. */
function membership(draft: Draft, input: StateToPut, env: Env): JsonObject {
  const target = parseUserId(input.stateKey);
  if (!target) throw badJson("The state key of a membership must be a user ID.");
  switch (input.content["membership"]) {
    case "invite":
      requireInvitable(draft, env.serverName, target);
      return { ...profileContent(draft, target), ...input.content };
    case "join":
    case "knock":
      return { ...profileContent(draft, target), ...input.content };
    default:
      return input.content;
  }
}

/**
 * Aliases that the event adds must be well formed and point to this room; those that it already named
 * are left alone.
 */
export function checkNewAliases(draft: Draft, room: RoomId, content: JsonObject): void {
  const known = new Set(aliasesIn(stateContent(draft, room, "m.room.canonical_alias")));
  for (const text of aliasesIn(content)) {
    if (known.has(text)) continue;
    const alias = parseRoomAlias(text);
    if (!alias) throw invalidParam(`${JSON.stringify(text)} is not a valid room alias.`);
    if (aliasTarget(draft, alias) !== room) {
      throw new MatrixError(400, "M_BAD_ALIAS", `The alias ${alias} does not point to this room.`);
    }
  }
}

function aliasesIn(content: JsonObject): Json[] {
  const { alias, alt_aliases: others } = content;
  const main = alias === undefined || alias === null || alias === "" ? [] : [alias];
  return [...main, ...(Array.isArray(others) ? (others as readonly Json[]) : [])];
}
