import type { UserId } from "../ids.ts";
import type { JsonObject } from "../json.ts";
import type { PushRule, RuleKind } from "./rule.ts";

type Conditions = readonly JsonObject[];

const eventMatch = (key: string, pattern: string): Conditions => [
  { kind: "event_match", key, pattern },
];
const ofType = (type: string): Conditions => eventMatch("type", type);
const stateOfType = (type: string): Conditions => [...ofType(type), ...eventMatch("state_key", "")];

const SOUND = { set_tweak: "sound", value: "default" } as const;
const RING = { set_tweak: "sound", value: "ring" } as const;
const HIGHLIGHT = { set_tweak: "highlight" } as const;

function rule(
  id: string,
  conditions: Conditions,
  actions: PushRule["actions"],
  enabled = true,
): PushRule {
  return { rule_id: id, default: true, enabled, conditions, actions };
}

/** Turns everything off when enabled; the only rule above those of the user. */
const MASTER = rule(".m.rule.master", [], [], false);

function overrides(user: UserId): PushRule[] {
  return [
    rule(".m.rule.suppress_notices", eventMatch("content.msgtype", "m.notice"), []),
    rule(
      ".m.rule.invite_for_me",
      [
        ...ofType("m.room.member"),
        ...eventMatch("content.membership", "invite"),
        ...eventMatch("state_key", user),
      ],
      ["notify", SOUND],
    ),
    rule(".m.rule.member_event", ofType("m.room.member"), []),
    rule(
      ".m.rule.is_user_mention",
      [
        {
          kind: "event_property_contains",
          key: "content.m\\.mentions.user_ids",
          value: user,
        },
      ],
      ["notify", SOUND, HIGHLIGHT],
    ),
    rule(
      ".m.rule.is_room_mention",
      [
        { kind: "event_property_is", key: "content.m\\.mentions.room", value: true },
        { kind: "sender_notification_permission", key: "room" },
      ],
      ["notify", HIGHLIGHT],
    ),
    rule(".m.rule.tombstone", stateOfType("m.room.tombstone"), ["notify", HIGHLIGHT]),
    rule(".m.rule.reaction", ofType("m.reaction"), []),
    rule(".m.rule.room.server_acl", stateOfType("m.room.server_acl"), []),
    rule(
      ".m.rule.suppress_edits",
      [
        {
          kind: "event_property_is",
          key: "content.m\\.relates_to.rel_type",
          value: "m.replace",
        },
      ],
      [],
    ),
  ];
}

const inOneToOne = (type: string): Conditions => [
  { kind: "room_member_count", is: "2" },
  ...ofType(type),
];

const UNDERRIDES: readonly PushRule[] = [
  rule(".m.rule.call", ofType("m.call.invite"), ["notify", RING]),
  rule(".m.rule.encrypted_room_one_to_one", inOneToOne("m.room.encrypted"), ["notify", SOUND]),
  rule(".m.rule.room_one_to_one", inOneToOne("m.room.message"), ["notify", SOUND]),
  rule(".m.rule.message", ofType("m.room.message"), ["notify"]),
  rule(".m.rule.encrypted", ofType("m.room.encrypted"), ["notify"]),
];

/**
 * The server-default rules, in order: those above the user's rules of the kind and those below.
 * https://spec.matrix.org/v1.19/client-server-api/#predefined-rules
 */
export function defaultRules(
  user: UserId,
  kind: RuleKind,
): { readonly above: readonly PushRule[]; readonly below: readonly PushRule[] } {
  if (kind === "override") return { above: [MASTER], below: overrides(user) };
  return { above: [], below: kind === "underride" ? UNDERRIDES : [] };
}
