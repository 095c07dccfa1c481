/** A member of the content that redaction keeps; of `[outer, inner]` only `inner` in `outer`. */
export type KeptMember = string | readonly [outer: string, inner: string];

export interface RedactionRules {
  readonly members: ReadonlySet<string>;
  /** event type → what stays of its content; nothing of types that are not listed. */
  readonly content: ReadonlyMap<string, readonly KeptMember[] | "all">;
}

const MEMBERS_V11 = [
  "event_id",
  "type",
  "room_id",
  "sender",
  "state_key",
  "content",
  "hashes",
  "signatures",
  "depth",
  "prev_events",
  "auth_events",
  "origin_server_ts",
];

const MEMBERS_V1 = [...MEMBERS_V11, "prev_state", "origin", "membership"];

const POWER_LEVELS_V1 = [
  "ban",
  "events",
  "events_default",
  "kick",
  "redact",
  "state_default",
  "users",
  "users_default",
];

/** https://spec.matrix.org/v1.19/rooms/v6/#redactions */
const v6: RedactionRules = {
  members: new Set(MEMBERS_V1),
  content: new Map<string, readonly KeptMember[] | "all">([
    ["m.room.member", ["membership"]],
    ["m.room.create", ["creator"]],
    ["m.room.join_rules", ["join_rule"]],
    ["m.room.power_levels", POWER_LEVELS_V1],
    ["m.room.history_visibility", ["history_visibility"]],
  ]),
};

/** https://spec.matrix.org/v1.19/rooms/v1/#redactions */
const v1: RedactionRules = {
  members: v6.members,
  content: new Map([...v6.content, ["m.room.aliases", ["aliases"]]]),
};

/** https://spec.matrix.org/v1.19/rooms/v8/#redactions */
const v8: RedactionRules = {
  members: v6.members,
  content: new Map([...v6.content, ["m.room.join_rules", ["join_rule", "allow"]]]),
};

/** https://spec.matrix.org/v1.19/rooms/v9/#redactions */
const v9: RedactionRules = {
  members: v6.members,
  content: new Map([
    ...v8.content,
    ["m.room.member", ["membership", "join_authorised_via_users_server"]],
  ]),
};

/** https://spec.matrix.org/v1.19/rooms/v11/#redactions */
const v11: RedactionRules = {
  members: new Set(MEMBERS_V11),
  content: new Map<string, readonly KeptMember[] | "all">([
    ...v9.content,
    [
      "m.room.member",
      ["membership", "join_authorised_via_users_server", ["third_party_invite", "signed"]],
    ],
    ["m.room.create", "all"],
    ["m.room.power_levels", [...POWER_LEVELS_V1, "invite"]],
    ["m.room.redaction", ["redacts"]],
  ]),
};

/** Named by the room version that brought them. */
export const redactionRules = { v1, v6, v8, v9, v11 } as const;
