import { canonicalJson } from "../../event/canonical-json.ts";
import type { RoomId, UserId } from "../../ids.ts";
import type { JsonObject } from "../../json.ts";
import type { Env } from "../../ports.ts";
import type { StoredEvent } from "../../tables.ts";
import type { Draft } from "../../transaction/draft.ts";
import { sendInRoom } from "../build-event.ts";
import { stateEvent } from "../queries/room-facts.ts";

export interface StateToPut {
  readonly room: RoomId;
  readonly sender: UserId;
  readonly type: string;
  readonly stateKey: string;
  readonly content: JsonObject;
}

/**
 * Sets a key of the room's state. When the sender's own event with this content holds it already, that
 * event is the answer: state has no transaction IDs, so a retry would else be a second event.
 */
export function putState(draft: Draft, env: Env, input: StateToPut): StoredEvent {
  const before = stateEvent(draft, input.room, input.type, input.stateKey);
  if (before && before.pdu.sender === input.sender && !before.redactedBy) {
    if (canonicalJson(before.pdu.content) === canonicalJson(input.content)) return before;
  }
  return sendInRoom(draft, env, input);
}
