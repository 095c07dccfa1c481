import { invalidParam, MatrixError, notFound } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { isObject } from "../json.ts";
import type { UserId } from "../ids.ts";
import type { Env, Snapshot, View } from "../ports.ts";
import type { Services } from "../services.ts";
import { backupStats, fields } from "../tables.ts";
import type { Draft } from "../transaction/draft.ts";
import { unlessBehind } from "../user-data/missing.ts";
import { readSection, userDoc } from "../user-data/section.ts";

const SECTION = "backup_versions";

/** What reading a backup takes. */
export type BackupDeps = Pick<Services, "reader" | "isCaughtUp" | "timers">;

export interface BackupVersion {
  readonly version: string;
  readonly algorithm: string;
  readonly auth_data: JsonObject;
}

/** How many keys a backup holds, and a tag that changes whenever they do. */
export interface BackupStats {
  readonly etag: string;
  readonly count: number;
}

export function statsOf(view: View, user: UserId, version: string): BackupStats {
  const { etag, count } = view.get(backupStats, [user, version]) ?? { etag: "0", count: 0 };
  return { etag, count };
}

const unknownVersion = (): MatrixError => notFound("Unknown backup version");

function parse(version: string, stored: unknown): BackupVersion | undefined {
  if (!isObject(stored) || stored["deleted"] === true) return undefined;
  const { algorithm, auth_data: authData } = stored;
  if (typeof algorithm !== "string" || !isObject(authData)) return undefined;
  return { version, algorithm, auth_data: authData };
}

/** A backup that exists. Throws 404 for one that never was or was deleted. */
export function requireVersion(view: View, user: UserId, version: string): BackupVersion {
  const found = parse(version, view.get(fields, [userDoc(user), SECTION, version]));
  if (found === undefined) throw unknownVersion();
  return found;
}

/** The backup made last, of those that exist. Versions are hybrid times, so they compare as numbers. */
export async function currentVersion(
  snapshot: Snapshot,
  user: UserId,
): Promise<BackupVersion | undefined> {
  const stored = await readSection(snapshot, userDoc(user), SECTION);
  const versions = [...stored].flatMap(([version, value]) => parse(version, value) ?? []);
  return versions.toSorted((a, b) => Number(b.version) - Number(a.version))[0];
}

/** Throws 404 for an unknown version, 403 M_WRONG_ROOM_KEYS_VERSION for one that is not the newest. */
export async function requireCurrent(
  snapshot: Snapshot,
  user: UserId,
  version: string,
): Promise<void> {
  requireVersion(snapshot, user, version);
  const current = await currentVersion(snapshot, user);
  if (current === undefined || current.version === version) return;
  throw new MatrixError(403, "M_WRONG_ROOM_KEYS_VERSION", "Wrong backup version.", {
    current_version: current.version,
  });
}

interface NewVersion {
  readonly user: UserId;
  readonly algorithm: string;
  readonly authData: JsonObject;
}

/** Command: makes a backup; the reply is its version. */
export function addVersion(draft: Draft, input: NewVersion, env: Env): string {
  const version = String(env.time);
  draft.setField(userDoc(input.user), SECTION, version, {
    algorithm: input.algorithm,
    auth_data: input.authData,
  });
  return version;
}

export async function createVersion(
  deps: Pick<Services, "runner">,
  input: NewVersion,
): Promise<string> {
  return deps.runner.run(addVersion, input);
}

interface VersionUpdate extends NewVersion {
  readonly version: string;
  /** The version that the body names, if it does. */
  readonly bodyVersion?: string | undefined;
}

/** Command: replaces the `auth_data` of a backup. */
export function replaceAuthData(draft: Draft, input: VersionUpdate): void {
  const { user, version, algorithm, authData } = input;
  const before = requireVersion(draft, user, version);
  if (before.algorithm !== algorithm) throw invalidParam("Algorithm does not match");
  if (input.bodyVersion !== undefined && input.bodyVersion !== version) {
    throw invalidParam("version in the body does not match the path");
  }
  draft.setField(userDoc(user), SECTION, version, { algorithm, auth_data: authData });
}

export async function updateVersion(
  deps: Pick<Services, "runner">,
  input: VersionUpdate,
): Promise<void> {
  await deps.runner.run(replaceAuthData, input);
}

/** Command: a backup is gone; the entry stays, so that deleting it again succeeds. */
export function markDeleted(draft: Draft, input: { user: UserId; version: string }): void {
  const { user, version } = input;
  if (draft.getField(userDoc(user), SECTION, version) === undefined) throw unknownVersion();
  draft.setField(userDoc(user), SECTION, version, { deleted: true });
}

/** A backup as `GET /room_keys/version/{version}` tells it. Throws 404. */
export async function describeVersion(
  deps: BackupDeps,
  user: UserId,
  version: string,
): Promise<JsonObject> {
  return unlessBehind(deps, () => {
    const found = requireVersion(deps.reader, user, version);
    return { ...found, ...statsOf(deps.reader, user, version) };
  });
}

/** The newest backup, as `describeVersion`. Throws 404 when there is none. */
export async function describeCurrentVersion(deps: BackupDeps, user: UserId): Promise<JsonObject> {
  return unlessBehind(deps, async () => {
    using snapshot = deps.reader.snapshot();
    const current = await currentVersion(snapshot, user);
    if (current === undefined) throw notFound("No current backup version");
    return { ...current, ...statsOf(snapshot, user, current.version) };
  });
}
