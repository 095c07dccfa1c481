import type { CompiledRules } from "../push/evaluate.ts";
import { compileRules } from "../push/evaluate.ts";
import type { PushContext, PushEvent } from "../push/conditions.ts";
import { readPushRules } from "../push/rules.ts";
import type { UserId } from "../ids.ts";
import type { Snapshot } from "../ports.ts";
import { powersIn } from "../rooms/queries/powers.ts";
import { roomState, topicVector } from "../tables.ts";
import type { StoredEvent } from "../tables.ts";
import type { Presenter } from "../timeline/presenter.ts";
import { EMPTY_VECTOR } from "../vector.ts";
import type { Vector } from "../vector.ts";
import type { SyncMemory } from "./memory.ts";

/** Whose events are judged, and by what: one look at one snapshot. */
export interface Onlooker {
  readonly user: UserId;
  readonly snapshot: Snapshot;
  readonly memory: SyncMemory;
}

export interface KnownRules {
  /** The user topic's vector, under which the rules were read. */
  readonly at: Vector;
  readonly text: string;
  readonly rules: CompiledRules;
}

/** The user's push rules, compiled; the same object as long as they do not change. */
export async function pushRules(onlooker: Onlooker): Promise<CompiledRules> {
  const { user, snapshot, memory } = onlooker;
  const at = snapshot.get(topicVector, [`user:${user}`]) ?? EMPTY_VECTOR;
  const known = memory.rules.get(user);
  if (known?.at === at) return known.rules;
  const ruleset = await readPushRules(snapshot, user);
  const text = JSON.stringify(ruleset);
  const rules = known?.text === text ? known.rules : compileRules(ruleset);
  memory.rules.set(user, { at, text, rules });
  return rules;
}

/** What push rules ask about the room as it is now; `sender` is who sent the event. */
export function pushContext(user: UserId, presenter: Presenter, sender: string): PushContext {
  const { history } = presenter;
  return {
    user,
    memberCount: () => history.meta?.joined ?? 0,
    displayName() {
      const id = history.view.get(roomState, [history.room, "m.room.member", user]);
      const name = history.content(id)?.["displayname"];
      return typeof name === "string" ? name : undefined;
    },
    senderMayNotify(kind) {
      const levels = powersIn(history.view, history.room);
      return levels.user(sender) >= levels.notifications(kind);
    },
  };
}

/** An event as push rules look at it. */
export function pushEvent({ pdu, room }: StoredEvent): PushEvent {
  const { type, sender, content, state_key: stateKey } = pdu;
  return { type, sender, content, room_id: room, state_key: stateKey };
}
