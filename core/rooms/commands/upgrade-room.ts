import { DIRECTORY, ALIASES, aliasRecord } from "../../directory/alias-records.ts";
import { localAliasesOf } from "../../directory/local-aliases.ts";
import { forbidden, MatrixError } from "../../errors.ts";
import { splitStateKey } from "../../event/state-key.ts";
import type { RoomAlias, RoomId, UserId } from "../../ids.ts";
import type { JsonObject } from "../../json.ts";
import type { Env } from "../../ports.ts";
import { roomVersion } from "../../room-version/table.ts";
import type { RoomVersion } from "../../room-version/room-version.ts";
import type { Services } from "../../services.ts";
import type { RoomMeta } from "../../tables.ts";
import type { Draft } from "../../transaction/draft.ts";
import { sendInRoom } from "../build-event.ts";
import { powersIn } from "../queries/powers.ts";
import { requireJoined, stateContent, stateEvent } from "../queries/room-facts.ts";
import { currentState } from "../state-view.ts";
import { openRoom, sendInitial } from "./create-room.ts";
import { inheritRoomSettings } from "./inherit-room-settings.ts";
import { withCreators } from "./initial-content.ts";
import { runInRoom } from "./run-in-room.ts";
import type { RoomDeps } from "./run-in-room.ts";
import { closedPowerLevels, openingPowerLevels, transferredPowerLevels } from "./upgrade-levels.ts";

/** What the new room says as the old one did; power levels are transferred apart. */
const TRANSFERRED_TYPES = [
  "m.room.server_acl",
  "m.room.encryption",
  "m.room.name",
  "m.room.avatar",
  "m.room.topic",
  "m.room.guest_access",
  "m.room.history_visibility",
  "m.room.join_rules",
];
/** Children of a space that come along; the command makes an event for each. */
const SPACE_CHILDREN_MAX = 500;

export interface UpgradeInput {
  readonly room: RoomId;
  readonly user: UserId;
  readonly newVersion: string;
  readonly additionalCreators: readonly UserId[];
}

/**
 * https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3roomsroomidupgrade
 * @throws MatrixError 400 M_UNSUPPORTED_ROOM_VERSION, 403 M_FORBIDDEN
 */
export async function upgradeRoom(
  deps: RoomDeps & Pick<Services, "reader">,
  input: UpgradeInput,
): Promise<RoomId> {
  const aliases = await localAliasesOf(deps, input.room);
  return runInRoom(deps, upgrade, { ...input, aliases });
}

export function upgrade(
  draft: Draft,
  input: UpgradeInput & { readonly aliases: readonly RoomAlias[] },
  env: Env,
): RoomId {
  const { room: old, user } = input;
  const version = roomVersion(input.newVersion);
  const meta = requireJoined(draft, old, user);
  const powers = powersIn(draft, old);
  if (powers.user(user) < powers.event("m.room.tombstone", true)) {
    throw forbidden("You may not upgrade this room.");
  }
  const replacement = openReplacement(draft, env, { ...input, version, meta });
  moveAliases(draft, env, input, replacement);
  sendInRoom(draft, env, {
    room: old,
    sender: user,
    type: "m.room.tombstone",
    stateKey: "",
    content: { body: "This room has been replaced.", replacement_room: replacement },
  });
  closeOldRoom(draft, env, old, user, roomVersion(meta.version));
  inheritRoomSettings(draft, replacement, user);
  return replacement;
}

interface Replacement extends UpgradeInput {
  readonly version: RoomVersion;
  readonly meta: RoomMeta;
}

function openReplacement(draft: Draft, env: Env, input: Replacement): RoomId {
  const { room: old, user, version, meta } = input;
  const creators = version.auth.creatorPower ? input.additionalCreators : [];
  const create = createContent(draft, old, meta);
  const { room } = openRoom(draft, env, version, user, withCreators(create, user, creators));
  const send = (type: string, stateKey: string, content: JsonObject): void => {
    sendInitial(draft, env, { room, sender: user, type, stateKey, content });
  };
  const levels = transferredPowerLevels({
    from: roomVersion(meta.version),
    to: version,
    create: stateEvent(draft, old, "m.room.create")?.pdu,
    content: stateContent(draft, old, "m.room.power_levels"),
    creators: [user, ...creators],
  });
  const opening = openingPowerLevels(version, levels, user);
  send("m.room.power_levels", "", opening);
  for (const [type, stateKey, content] of transferredState(draft, old, meta)) {
    send(type, stateKey, content);
  }
  if (opening !== levels) send("m.room.power_levels", "", levels);
  return room;
}

function createContent(draft: Draft, old: RoomId, meta: RoomMeta): JsonObject {
  const { type, "m.federate": federate } = stateContent(draft, old, "m.room.create");
  const last = meta.extremities.at(-1);
  return {
    ...(type === undefined ? {} : { type }),
    ...(federate === undefined ? {} : { "m.federate": federate }),
    predecessor: { room_id: old, ...(last === undefined ? {} : { event_id: last }) },
  };
}

function transferredState(
  draft: Draft,
  old: RoomId,
  meta: RoomMeta,
): [type: string, stateKey: string, content: JsonObject][] {
  const found: [string, string, JsonObject][] = [];
  for (const type of TRANSFERRED_TYPES) {
    const event = stateEvent(draft, old, type);
    if (event) found.push([type, "", event.pdu.content]);
  }
  if (stateContent(draft, old, "m.room.create")["type"] !== "m.space") return found;
  const state = currentState({ view: draft, docs: draft.docs }, old, meta);
  const most = found.length + SPACE_CHILDREN_MAX;
  for (const [key] of state.entries()) {
    const [type, child] = splitStateKey(key);
    if (type !== "m.space.child" || found.length >= most) continue;
    const content = stateContent(draft, old, type, child);
    if (Object.keys(content).length > 0) found.push([type, child, content]);
  }
  return found;
}

/** The names and the place in the directory go to the new room, and with them the canonical alias. */
function moveAliases(
  draft: Draft,
  env: Env,
  input: UpgradeInput & { readonly aliases: readonly RoomAlias[] },
  replacement: RoomId,
): void {
  const { room: old, user } = input;
  for (const alias of input.aliases) {
    const record = aliasRecord(draft, alias);
    if (record?.room !== old) continue;
    draft.setField("mesh", ALIASES, alias, { room_id: replacement, creator: record.creator });
  }
  if (draft.getField("mesh", DIRECTORY, old) !== undefined) {
    draft.setField("mesh", DIRECTORY, replacement, draft.getField("mesh", DIRECTORY, old));
    draft.setField("mesh", DIRECTORY, old, undefined);
  }
  const canonical = stateContent(draft, old, "m.room.canonical_alias");
  if (Object.keys(canonical).length === 0) return;
  const event = { sender: user, type: "m.room.canonical_alias", stateKey: "" };
  ifAllowed(() => sendInRoom(draft, env, { ...event, room: replacement, content: canonical }));
  ifAllowed(() => sendInRoom(draft, env, { ...event, room: old, content: {} }));
}

/** "If possible, the power levels in the old room should also be modified to prevent sending." */
function closeOldRoom(
  draft: Draft,
  env: Env,
  old: RoomId,
  user: UserId,
  version: RoomVersion,
): void {
  const content = closedPowerLevels(version, stateContent(draft, old, "m.room.power_levels"));
  const event = { room: old, sender: user, type: "m.room.power_levels", stateKey: "", content };
  ifAllowed(() => sendInRoom(draft, env, event));
}

/** A refused event stages nothing, so the rest of the upgrade stands without it. */
function ifAllowed(send: () => unknown): void {
  try {
    send();
  } catch (error) {
    if (!(error instanceof MatrixError) || error.status !== 403) throw error;
  }
}
