import { invalidParam } from "../../errors.ts";
import { parseUserId } from "../../ids.ts";
import type { UserId } from "../../ids.ts";
import { isObject } from "../../json.ts";
import type { JsonObject } from "../../json.ts";
import type { RoomVersion } from "../../room-version/room-version.ts";
import type { CreateRoomInput, InitialState, Preset } from "./create-room-input.ts";

/** What a new room says of itself before its creator says more. All of it is pure. */

const ADMIN_LEVEL = 100;
const MODERATOR_LEVEL = 50;
/** Where creators are above all, upgrading the room is for them and those they choose. */
const TOMBSTONE_LEVEL_WITH_CREATORS = 150;

/** https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3createroom , the presets */
const PRESETS: Readonly<Record<Preset, readonly [join: string, history: string, guests: string]>> =
  {
    private_chat: ["invite", "shared", "can_join"],
    trusted_private_chat: ["invite", "shared", "can_join"],
    public_chat: ["public", "shared", "forbidden"],
  };

/** The state events of the preset that `initial_state` does not replace. */
export function presetState(input: CreateRoomInput): InitialState[] {
  const [join, history, guests] = PRESETS[input.preset];
  const replaced = new Set(
    input.initialState.filter(({ stateKey }) => stateKey === "").map(({ type }) => type),
  );
  return [
    state("m.room.join_rules", { join_rule: join }),
    state("m.room.history_visibility", { history_visibility: history }),
    state("m.room.guest_access", { guest_access: guests }),
  ].filter(({ type }) => !replaced.has(type));
}

/** Name and topic come last and win over initial state. */
export function namingState({ name, topic }: CreateRoomInput): InitialState[] {
  return [
    ...(name === undefined ? [] : [state("m.room.name", { name })]),
    ...(topic === undefined ? [] : [state("m.room.topic", topicContent(topic))]),
  ];
}

/** Plain text also as a content block. https://spec.matrix.org/v1.19/client-server-api/#mroomtopic */
function topicContent(topic: string): JsonObject {
  return { topic, "m.topic": { "m.text": [{ body: topic, mimetype: "text/plain" }] } };
}

function state(type: string, content: JsonObject): InitialState {
  return { type, stateKey: "", content };
}

/** Content of the create event; room version and creator are the server's to set. */
export function creationContent(input: CreateRoomInput): JsonObject {
  const { creator: _, room_version: __, ...rest } = input.creationContent;
  if (!input.version.auth.creatorPower) return rest;
  const named = rest["additional_creators"] ?? [];
  if (!Array.isArray(named)) throw invalidParam("'additional_creators' must list user IDs.");
  const trusted = input.preset === "trusted_private_chat" ? input.invite : [];
  return withCreators(rest, input.creator, [...named.map(creatorId), ...trusted]);
}

export function withCreators(
  content: JsonObject,
  creator: UserId,
  additional: readonly UserId[],
): JsonObject {
  const { additional_creators: _, ...rest } = content;
  const creators = [...new Set(additional)].filter((id) => id !== creator);
  return creators.length === 0 ? rest : { ...rest, additional_creators: creators };
}

export function creatorId(value: unknown): UserId {
  const user = parseUserId(value);
  if (!user) throw invalidParam("'additional_creators' must list user IDs.");
  return user;
}

/** The first power levels: the defaults, then what the request puts over them. */
export function initialPowerLevels(input: CreateRoomInput): JsonObject {
  const powerful = input.preset === "trusted_private_chat" ? input.invite : [];
  const users = input.version.auth.creatorPower
    ? {}
    : Object.fromEntries([input.creator, ...powerful].map((user) => [user, ADMIN_LEVEL]));
  const content = { ...defaultPowerLevels(users), ...input.powerLevels };
  return guardTombstone(input.version, content);
}

export function defaultPowerLevels(users: JsonObject): JsonObject {
  return {
    users,
    users_default: 0,
    events: {
      "m.room.avatar": MODERATOR_LEVEL,
      "m.room.canonical_alias": MODERATOR_LEVEL,
      "m.room.encryption": ADMIN_LEVEL,
      "m.room.history_visibility": ADMIN_LEVEL,
      "m.room.name": MODERATOR_LEVEL,
      "m.room.power_levels": ADMIN_LEVEL,
      "m.room.server_acl": ADMIN_LEVEL,
      "m.room.tombstone": ADMIN_LEVEL,
    },
    events_default: 0,
    state_default: MODERATOR_LEVEL,
    ban: MODERATOR_LEVEL,
    kick: MODERATOR_LEVEL,
    redact: MODERATOR_LEVEL,
    invite: MODERATOR_LEVEL,
    historical: ADMIN_LEVEL,
  };
}

/**
 * "If the room's version is 12 or higher, the power level for sending m.room.tombstone events MUST
 * explicitly be higher than state_default."
 */
export function guardTombstone(version: RoomVersion, content: JsonObject): JsonObject {
  if (!version.auth.creatorPower) return content;
  const events = isObject(content["events"]) ? content["events"] : {};
  const { state_default: stateDefault = MODERATOR_LEVEL } = content;
  const floor = typeof stateDefault === "number" ? stateDefault : MODERATOR_LEVEL;
  const level = events["m.room.tombstone"];
  if (typeof level === "number" && level > Math.max(floor, ADMIN_LEVEL)) return content;
  const raised = Math.max(TOMBSTONE_LEVEL_WITH_CREATORS, floor + 1);
  return { ...content, events: { ...events, "m.room.tombstone": raised } };
}
