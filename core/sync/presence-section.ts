import type { UserId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import { announcePresence, describePresence } from "../presence/presence.ts";
import type { PresenceState } from "../presence/presence.ts";
import { PRESENCE_RENEWED_MS, PRESENCE_TOPICS_MAX } from "./constants.ts";
import { joinedMembers, sharesRoom } from "./members.ts";
import type { SyncMemory } from "./memory.ts";
import type { Pass, SyncDeps } from "./pass.ts";

/** `m.presence` events of people in the user's rooms whose presence changed. */
export function presenceEvents(pass: Pass): JsonObject[] {
  const { presence } = pass.request.filter;
  const me = pass.request.requester.user;
  const out: JsonObject[] = [];
  for (const fact of pass.deps.ephemeral.since(pass.ephemeralSince)) {
    if (fact.kind !== "presence" || (pass.isInitial && fact.ended)) continue;
    const sender = fact.key as UserId;
    if (!presence.allows({ type: "m.presence", sender })) continue;
    if (sender !== me && !sharesRoom(pass, sender)) continue;
    out.push({ type: "m.presence", sender, content: describePresence(pass.deps, sender) });
  }
  return out;
}

/** Users whose presence a waiting request listens for. */
export async function presenceContacts(pass: Pass): Promise<UserId[]> {
  const contacts = new Set<UserId>();
  for (const { room, membership } of pass.rooms) {
    if (membership !== "join") continue;
    for (const user of await joinedMembers(pass, room)) {
      if (contacts.size === PRESENCE_TOPICS_MAX) return [...contacts];
      contacts.add(user);
    }
  }
  return [...contacts];
}

/**
 * A syncing client is there. Said again only when it changes or before it expires, since saying it
 * wakes everybody who listens.
 */
export function keepPresence(
  deps: SyncDeps,
  memory: SyncMemory,
  user: UserId,
  state: PresenceState,
): void {
  if (state === "offline") return;
  const said = memory.presence.get(user);
  const nowMs = deps.timers.elapsed();
  const live = deps.ephemeral.get("presence", user);
  const holds = live !== undefined && !live.ended && live.value["presence"] === state;
  if (holds && said?.state === state && nowMs - said.atMs < PRESENCE_RENEWED_MS) return;
  memory.presence.set(user, { state, atMs: nowMs });
  announcePresence(deps, user, state);
}
