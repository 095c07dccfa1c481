import { forbidden, invalidParam, MatrixError, notFound } from "../errors.ts";
import type { Json, JsonObject } from "../json.ts";
import type { RoomId, UserId } from "../ids.ts";
import { serverOf } from "../ids.ts";
import { accountExists } from "../account/accounts.ts";
import type { Env, Reader } from "../ports.ts";
import {
  PROFILE_ROOMS_MAX,
  updateMemberProfiles,
} from "../rooms/commands/update-member-profiles.ts";
import type { Services } from "../services.ts";
import { fields } from "../tables.ts";
import { joinedRooms } from "../rooms/queries/joined-rooms.ts";
import type { Draft } from "../transaction/draft.ts";
import { unlessBehind } from "../user-data/missing.ts";
import { readSection, userDoc } from "../user-data/section.ts";

const SECTION = "profile";
/** https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3profileuseridkeyname */
const PROFILE_BYTES_MAX = 65_536;
/** Bytes of a profile field's name, as the specification says. */
const FIELD_NAME_BYTES_MAX = 255;
const FIELD_NAME = /^(?:avatar_url|displayname|m\.tz|[a-z][a-z0-9_-]*(?:\.[a-z0-9_-]+)+)$/;
/** Bytes of a display name or avatar URL: both are copied into an event of 64 KiB in every room. */
const MEMBER_FIELD_BYTES_MAX = 1024;
/** Fields that the member events of rooms carry. */
const MEMBER_FIELDS: ReadonlySet<string> = new Set(["displayname", "avatar_url"]);

export interface FieldChange {
  readonly user: UserId;
  readonly field: string;
  /** Undefined removes the field. */
  readonly value: Json | undefined;
}

/** Command: sets a field; rooms learn a new name or avatar in the same transaction. */
export function changeProfile(
  draft: Draft,
  input: FieldChange & { readonly rooms: readonly RoomId[] },
  env: Env,
): void {
  const { user, field, value } = input;
  const before = draft.getField(userDoc(user), SECTION, field);
  draft.setField(userDoc(user), SECTION, field, value);
  const changed = JSON.stringify(before) !== JSON.stringify(value);
  if (changed) updateMemberProfiles(draft, env, input);
}

/** Command: tells further rooms of the profile as it is. */
export function spreadProfile(
  draft: Draft,
  input: { readonly user: UserId; readonly rooms: readonly RoomId[] },
  env: Env,
): void {
  updateMemberProfiles(draft, env, input);
}

/**
 * Sets or removes a field of the own profile.
 * @throws MatrixError 400 M_KEY_TOO_LARGE, M_PROFILE_TOO_LARGE, M_INVALID_PARAM; 403 for another user's
 */
export async function setField(
  deps: Pick<Services, "reader" | "runner">,
  asking: UserId,
  change: FieldChange,
): Promise<void> {
  if (change.user !== asking) throw forbidden("you can only change your own profile");
  checkFieldName(change.field);
  if (change.value !== undefined) {
    checkValue(change.field, change.value);
    await checkProfileSize(deps.reader, change);
  }
  const { user } = change;
  const rooms = MEMBER_FIELDS.has(change.field) ? await joinedRooms(deps, user) : [];
  await deps.runner.run(changeProfile, { ...change, rooms: rooms.slice(0, PROFILE_ROOMS_MAX) });
  for (let at = PROFILE_ROOMS_MAX; at < rooms.length; at += PROFILE_ROOMS_MAX) {
    const next = rooms.slice(at, at + PROFILE_ROOMS_MAX);
    await deps.runner.run(spreadProfile, { user, rooms: next });
  }
}

export function checkFieldName(field: string): void {
  if (Buffer.byteLength(field) > FIELD_NAME_BYTES_MAX) {
    throw new MatrixError(400, "M_KEY_TOO_LARGE", "the name of a field may have 255 bytes");
  }
  if (!FIELD_NAME.test(field)) throw invalidParam("this is not the name of a profile field");
}

function checkValue(field: string, value: Json): void {
  if (field === "m.tz" && typeof value !== "string") throw invalidParam("m.tz must be a string");
  if (!MEMBER_FIELDS.has(field)) return;
  if (typeof value !== "string") throw invalidParam(`${field} must be a string`);
  if (Buffer.byteLength(value) > MEMBER_FIELD_BYTES_MAX) {
    throw new MatrixError(400, "M_PROFILE_TOO_LARGE", `${field} is too long`);
  }
}

async function checkProfileSize(reader: Reader, change: FieldChange): Promise<void> {
  using snapshot = reader.snapshot();
  const profile = await readSection(snapshot, userDoc(change.user), SECTION);
  const after = { ...Object.fromEntries(profile), [change.field]: change.value };
  if (Buffer.byteLength(JSON.stringify(after)) >= PROFILE_BYTES_MAX) {
    throw new MatrixError(400, "M_PROFILE_TOO_LARGE", "the profile would exceed 64 KiB");
  }
}

type ProfileDeps = Pick<Services, "reader" | "serverName" | "isCaughtUp" | "timers">;

/** The whole profile. Throws 404 for a user who does not exist here. */
export async function readProfile(deps: ProfileDeps, user: UserId): Promise<JsonObject> {
  await unlessBehind(deps, () => requireUser(deps, user));
  using snapshot = deps.reader.snapshot();
  return Object.fromEntries(await readSection(snapshot, userDoc(user), SECTION));
}

/** One field of a profile. Throws 404 for no such user or field. */
export async function readField(deps: ProfileDeps, user: UserId, field: string): Promise<Json> {
  return unlessBehind(deps, () => {
    requireUser(deps, user);
    const value = deps.reader.get(fields, [userDoc(user), SECTION, field]);
    if (value === undefined) throw notFound("the profile has no such field");
    return value;
  });
}

function requireUser(deps: Pick<Services, "reader" | "serverName">, user: UserId): void {
  if (serverOf(user) !== deps.serverName || !accountExists(deps.reader, user)) {
    throw notFound("there is no such user here");
  }
}
