import type { EventId, UserId } from "../ids.ts";
import { serverOf } from "../ids.ts";
import { memberships } from "../tables.ts";
import type { MembershipEntry, StoredEvent } from "../tables.ts";
import type { ApplyContext } from "../transaction/apply.ts";
import { logToTopic } from "../transaction/topics.ts";

/**
 * Stands for a room in whose state the user is not, though there is a member event of the user's: what it did has
 * come to nothing where the sides of a split met. Clients may have been told of it. No event has this ID.
 */
export const NO_MEMBER: MembershipEntry = { membership: "leave", event: "$none" as EventId };

/**
 * Leaves a row for an event's user where the event gave it none. Another box may have got it in another order, and
 * have had it count for a while, even one that entered unseen, by what follows it: the rows must be alike everywhere.
 */
export function noteWithoutEffect(context: ApplyContext, { room, pdu }: StoredEvent): void {
  if (pdu.type !== "m.room.member" || pdu.state_key === undefined) return;
  const user = pdu.state_key as UserId;
  if (serverOf(user) !== context.serverName || context.view.get(memberships, [user, room])) return;
  context.view.put(memberships, [user, room], NO_MEMBER);
  logToTopic(context, `user:${user}`, { membership: room });
}
