import { splitStateKey } from "../event/state-key.ts";
import { differingKeys, documentState } from "../room-document/document-state.ts";
import { isStateHere } from "../room-document/is-state-here.ts";
import { isSameState } from "../room-document/names.ts";
import type { ApplyContext } from "../transaction/apply.ts";
import type { EventRecord } from "../transaction/records.ts";
import { editsBy } from "./admit-event.ts";
import type { BaseState } from "./state-view.ts";

/**
 * Why the state that came with an event is not what its place and itself make of it, if so. `before` is
 * the state at that place. Only what differs is read, whatever documents hold the state.
 */
export function reasonOfState(
  { docs }: ApplyContext,
  before: BaseState,
  record: EventRecord,
): string | undefined {
  const { room, pdu, id } = record;
  if (!isStateHere(docs, room, record, before.at)) return "its state is not known";
  const edits = new Map(editsBy(before, pdu, id));
  if (edits.size === 0) return isSameState(before.at, record) ? undefined : WRONG;
  const [then, now] = [documentState(docs, room, before.at), documentState(docs, room, record)];
  for (const key of differingKeys(docs, room, before.at, record).union(edits)) {
    const [type, stateKey] = splitStateKey(key);
    const wanted = edits.has(key) ? edits.get(key) : then.get(type, stateKey);
    if (now.get(type, stateKey) !== wanted) return WRONG;
  }
  return undefined;
}

const WRONG = "its state does not follow from its place";
