import { badJson, MatrixError } from "../../errors.ts";
import { relationOf } from "../../event/relation.ts";
import { parseEventId } from "../../ids.ts";
import type { EventId, RoomId } from "../../ids.ts";
import { isObject } from "../../json.ts";
import type { JsonObject } from "../../json.ts";
import type { Env } from "../../ports.ts";
import { roomVersion } from "../../room-version/table.ts";
import type { Requester, Services } from "../../services.ts";
import { events, relations, transactions } from "../../tables.ts";
import type { Draft } from "../../transaction/draft.ts";
import { sendInRoom } from "../build-event.ts";
import { requireRoom } from "../queries/room-facts.ts";
import { scopedTransactionId } from "../transaction-id.ts";
import { requireMayRedact } from "./redact-event.ts";
import { runInRoom } from "./run-in-room.ts";
import type { RoomDeps } from "./run-in-room.ts";

export interface MessageInput {
  readonly requester: Pick<Requester, "user" | "device">;
  readonly room: RoomId;
  readonly type: string;
  readonly txnId: string;
  readonly content: JsonObject;
  /** `delayed`: the transaction ID is a delay ID. */
  readonly endpoint?: "send" | "delayed";
}

/** Annotations of one event that are looked through for a duplicate; more are not worth the time. */
const ANNOTATIONS_READ_MAX = 5000;

/**
 * Sends an event that is no state. The same device, path and txnId always name the same event, on
 * every box.
 * https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid
 * @throws MatrixError 400 M_DUPLICATE_ANNOTATION, 400 M_UNKNOWN for a thread in a thread, 403 M_FORBIDDEN, 413 M_TOO_LARGE
 */
export async function sendMessage(
  deps: RoomDeps & Pick<Services, "reader">,
  input: MessageInput,
): Promise<EventId> {
  const duplicate = await isDuplicateAnnotation(deps, input);
  return runInRoom(deps, send, { ...input, duplicate });
}

export function send(
  draft: Draft,
  input: MessageInput & { readonly duplicate: boolean },
  env: Env,
): EventId {
  const { requester, room, type } = input;
  const id = scopedTransactionId(input.endpoint ?? "send", room, type, input.txnId);
  const sent = draft.get(transactions, [requester.user, requester.device, id]);
  if (sent) return sent;
  if (input.duplicate) {
    throw new MatrixError(400, "M_DUPLICATE_ANNOTATION", "You have already reacted with this.");
  }
  requireRoom(draft, room);
  requireThreadRoot(draft, input);
  const txn = { device: requester.device, id };
  const event = { room, sender: requester.user, type, content: input.content };
  if (type !== "m.room.redaction") return sendInRoom(draft, env, event, txn).id;
  return sendInRoom(draft, env, { ...event, ...redactionOf(draft, input) }, txn).id;
}

/**
 * A redaction sent as a message names its target in the content; where the room version keeps it
 * beside the content, it is moved there.
 */
function redactionOf(
  draft: Draft,
  input: MessageInput,
): { readonly redacts: EventId; readonly content: JsonObject } {
  const { redacts: named, ...rest } = input.content;
  const redacts = parseEventId(named);
  if (!redacts) throw badJson("'redacts' must be an event ID.");
  const { version } = requireRoom(draft, input.room);
  requireMayRedact(draft, input.room, input.requester.user, redacts);
  const content = roomVersion(version).updatedRedactionRedacts ? input.content : rest;
  return { redacts, content };
}

/**
 * A thread begins with an event that relates to no other one.
 * https://spec.matrix.org/v1.19/client-server-api/#validation-of-mthread-relationships
 */
function requireThreadRoot(draft: Draft, { room, content }: MessageInput): void {
  const relation = relationOf(content);
  if (relation?.type !== "m.thread") return;
  const root = draft.get(events, [relation.parent]);
  if (root?.room === room && relationOf(root.pdu.content)) {
    throw new MatrixError(
      400,
      "M_UNKNOWN",
      "A thread cannot begin with an event that relates to another one.",
    );
  }
}

/**
 * Has the sender annotated the event with this key already?
 * https://spec.matrix.org/v1.19/client-server-api/#avoiding-duplicate-annotations
 */
async function isDuplicateAnnotation(
  deps: Pick<Services, "reader">,
  input: MessageInput,
): Promise<boolean> {
  const relation = input.content["m.relates_to"];
  if (!isObject(relation) || relation["rel_type"] !== "m.annotation") return false;
  const parent = parseEventId(relation["event_id"]);
  if (!parent) return false;
  using snapshot = deps.reader.snapshot();
  const annotations = await snapshot.range(relations, {
    prefix: [input.room, parent, "m.annotation"],
    limit: ANNOTATIONS_READ_MAX,
  });
  return annotations.some(([key, { type, sender }]) => {
    if (type !== input.type || sender !== input.requester.user) return false;
    const event = snapshot.get(events, [key[5]]);
    if (!event || event.redactedBy) return false;
    const other = event.pdu.content["m.relates_to"];
    return isObject(other) && other["key"] === relation["key"];
  });
}
