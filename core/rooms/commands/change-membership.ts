import { forbidden, MatrixError } from "../../errors.ts";
import type { EventId, RoomId, UserId } from "../../ids.ts";
import type { Env } from "../../ports.ts";
import type { Draft } from "../../transaction/draft.ts";
import { membershipOf, requireRoom, stateEvent } from "../queries/room-facts.ts";
import { memberContent, requireInvitable } from "./member-content.ts";
import { putState } from "./put-state.ts";
import { runInRoom } from "./run-in-room.ts";
import type { RoomDeps } from "./run-in-room.ts";

export interface MembershipChange {
  readonly room: RoomId;
  readonly sender: UserId;
  readonly target: UserId;
  readonly reason?: string | undefined;
}

/** Who may do what is the business of the auth rules; here is only what they do not say. */

/** https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidinvite */
export async function inviteUser(deps: RoomDeps, input: MembershipChange): Promise<void> {
  await runInRoom(deps, invite, input);
}

export function invite(draft: Draft, input: MembershipChange, env: Env): EventId {
  requireRoom(draft, input.room);
  requireInvitable(draft, env.serverName, input.target);
  return changeTo("invite", draft, input, env);
}

/** https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidkick */
export async function kickUser(deps: RoomDeps, input: MembershipChange): Promise<void> {
  await runInRoom(deps, kick, input);
}

export function kick(draft: Draft, input: MembershipChange, env: Env): EventId {
  requireRoom(draft, input.room);
  const before = membershipOf(draft, input.room, input.target);
  // The auth rules would let a kick lift a ban.
  if (before === "leave" || before === "ban") {
    throw forbidden(`${input.target} is not in this room.`);
  }
  return changeTo("leave", draft, input, env);
}

/** https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidban */
export async function banUser(deps: RoomDeps, input: MembershipChange): Promise<void> {
  await runInRoom(deps, ban, input);
}

export function ban(draft: Draft, input: MembershipChange, env: Env): EventId {
  requireRoom(draft, input.room);
  return changeTo("ban", draft, input, env);
}

/** https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidunban */
export async function unbanUser(deps: RoomDeps, input: MembershipChange): Promise<void> {
  await runInRoom(deps, unban, input);
}

export function unban(draft: Draft, input: MembershipChange, env: Env): EventId {
  requireRoom(draft, input.room);
  if (membershipOf(draft, input.room, input.target) !== "ban") {
    throw new MatrixError(403, "M_BAD_STATE", `${input.target} is not banned from this room.`);
  }
  return changeTo("leave", draft, input, env);
}

/**
 * Leaves, rejects an invite or takes a knock back. Leaving twice is leaving once.
 * https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidleave
 */
export async function leaveRoom(
  deps: RoomDeps,
  input: Omit<MembershipChange, "target">,
): Promise<void> {
  await runInRoom(deps, leave, { ...input, target: input.sender });
}

export function leave(draft: Draft, input: MembershipChange, env: Env): EventId {
  requireRoom(draft, input.room);
  const before = stateEvent(draft, input.room, "m.room.member", input.target);
  if (before?.pdu.content["membership"] === "leave") return before.id;
  return changeTo("leave", draft, input, env);
}

function changeTo(
  membership: "invite" | "leave" | "ban",
  draft: Draft,
  input: MembershipChange,
  env: Env,
): EventId {
  const content = memberContent(draft, input.target, membership, input.reason);
  const { room, sender, target } = input;
  return putState(draft, env, { room, sender, type: "m.room.member", stateKey: target, content })
    .id;
}
