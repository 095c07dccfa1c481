import type { EventId } from "../ids.ts";
import type { MembershipEntry } from "../tables.ts";

/**
 * Stands for a room in whose state the user is not, though there is a member event of the user's: what it did has
 * come to nothing where the sides of a split met. Clients may have been told of it. No event has this ID.
 */
export const NO_MEMBER: MembershipEntry = { membership: "leave", event: "$none" as EventId };
