import { isAdmin } from "../../account/accounts.ts";
import { powersIn } from "../queries/powers.ts";
import { forbidden, notFound } from "../../errors.ts";
import type { EventId, RoomId, UserId } from "../../ids.ts";
import type { Env } from "../../ports.ts";
import type { Requester } from "../../services.ts";
import { transactions } from "../../tables.ts";
import type { Draft } from "../../transaction/draft.ts";
import { sendInRoom } from "../build-event.ts";
import { requireRoom } from "../queries/room-facts.ts";
import { scopedTransactionId } from "../transaction-id.ts";
import { runInRoom } from "./run-in-room.ts";
import type { RoomDeps } from "./run-in-room.ts";

export interface RedactionInput {
  readonly requester: Pick<Requester, "user" | "device">;
  readonly room: RoomId;
  readonly event: EventId;
  readonly txnId: string;
  readonly reason?: string | undefined;
}

/**
 * https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidredacteventidtxnid
 * @throws MatrixError 403 M_FORBIDDEN, 404 M_NOT_FOUND; 503 while this box may not know enough
 */
export async function redactEvent(deps: RoomDeps, input: RedactionInput): Promise<EventId> {
  return runInRoom(deps, redact, input);
}

export function redact(draft: Draft, input: RedactionInput, env: Env): EventId {
  const { requester, room, event } = input;
  const id = scopedTransactionId("redact", room, event, input.txnId);
  const sent = draft.get(transactions, [requester.user, requester.device, id]);
  if (sent) return sent;
  requireRoom(draft, room);
  requireMayRedact(draft, room, requester.user, event);
  return sendInRoom(
    draft,
    env,
    {
      room,
      sender: requester.user,
      type: "m.room.redaction",
      content: input.reason === undefined ? {} : { reason: input.reason },
      redacts: event,
    },
    { device: requester.device, id },
  ).id;
}

/**
 * Since room version 3 the auth rules let every redaction into the room and receivers decide whether it
 * takes effect, so one that never would is refused here. An event that has not reached this box yet
 * may be redacted by those who may redact anything.
 * https://spec.matrix.org/v1.19/rooms/v12/#handling-redactions
 */
export function requireMayRedact(draft: Draft, room: RoomId, user: UserId, event: EventId): void {
  const target = draft.event(event);
  if (target && target.room !== room) throw notFound("There is no such event in this room.");
  if (target?.pdu.sender === user || isAdmin(draft, user)) return;
  const powers = powersIn(draft, room);
  if (powers.user(user) >= powers.redact) return;
  if (!target) throw notFound("There is no such event in this room.");
  throw forbidden("You may not redact the events of others in this room.");
}
