import type { LevelReader } from "./level-readers.ts";
import type { RedactionRules } from "./redaction-rules.ts";

/**
 * How an event gets its ID: `assigned` by its sender, or the hash of the event in one of two
 * alphabets of base64.
 */
export type EventIdKind = "assigned" | "base64" | "base64url";

export type StateResolution = "v1" | "v2" | "v2.1";

/** What the authorisation rules of one room version do differently. */
export interface AuthRules {
  /** The create event names the creator in its content; later versions take its sender. */
  readonly creatorInContent: boolean;
  /** `m.room.aliases` has a rule of its own. */
  readonly aliases: boolean;
  /** `m.room.redaction` is allowed or refused by the rules, not when it is applied. */
  readonly redactions: boolean;
  /** Changes of `notifications` in the power levels are limited like those of `events`. */
  readonly notificationLevels: boolean;
  /** Power levels of any wrong type are refused, not only those of `users`. */
  readonly typedLevels: boolean;
  readonly knock: boolean;
  readonly restricted: boolean;
  readonly knockRestricted: boolean;
  /** Creators have infinite power, and `additional_creators` names more of them. */
  readonly creatorPower: boolean;
}

/** One row of the table: everything in which room versions differ. */
export interface RoomVersion {
  readonly id: string;
  readonly stability: "stable" | "unstable";
  readonly eventId: EventIdKind;
  /**
   * The room ID is `!` and the hash of the create event, which therefore has no `room_id` and is
   * never among the `auth_events`.
   */
  readonly roomIdIsCreateHash: boolean;
  /** Floats and integers beyond 53 bits are refused. */
  readonly strictCanonicalJson: boolean;
  /** A signing key must still have been valid at the event's `origin_server_ts`. */
  readonly enforcesKeyValidity: boolean;
  readonly redaction: RedactionRules;
  /** `redacts` stands in the content of a redaction, not beside it. */
  readonly updatedRedactionRedacts: boolean;
  readonly stateResolution: StateResolution;
  readonly readLevel: LevelReader;
  readonly auth: AuthRules;
}
