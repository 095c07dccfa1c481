import { notFound } from "../errors.ts";
import type { Json, JsonObject } from "../json.ts";
import { isObject } from "../json.ts";
import type { UserId } from "../ids.ts";
import type { Snapshot } from "../ports.ts";
import type { Services } from "../services.ts";
import { puts } from "../tables.ts";
import type { Draft } from "../transaction/draft.ts";
import { unlessBehind } from "../user-data/missing.ts";
import type { BackupDeps, BackupStats } from "./versions.ts";
import { markDeleted, requireCurrent, requireVersion, statsOf } from "./versions.ts";

/** Keys written in one transaction, of the 2,000 records that fit; clients send 100 to 200. */
const KEYS_PER_TRANSACTION_MAX = 1000;
/** Rows read at once. */
const ROWS_PER_READ = 1000;

/** Which keys of a backup: all, those of a room, or one. */
export interface KeyScope {
  readonly user: UserId;
  readonly version: string;
  readonly room?: string | undefined;
  readonly session?: string | undefined;
}

export interface BackupKey {
  readonly room: string;
  readonly session: string;
  readonly data: JsonObject;
}

interface KeyWrite {
  readonly user: UserId;
  readonly version: string;
  readonly keys: readonly BackupKey[];
}

/** Command: stores the keys that are better than those that are there. */
export function putKeys(draft: Draft, { user, version, keys }: KeyWrite): BackupStats {
  requireVersion(draft, user, version);
  for (const { room, session, data } of keys) {
    const before = draft.get(puts, ["backup_key", user, version, room, session])?.value;
    if (isObject(before) && !isBetter(data, before)) continue;
    draft.putFact("backup_key", [user, version, room, session], data);
  }
  return statsOf(draft, user, version);
}

/**
 * Does a key replace the one that is there?
 * https://spec.matrix.org/v1.19/client-server-api/#server-side-key-backups
 */
export function isBetter(key: JsonObject, than: JsonObject): boolean {
  if (key["is_verified"] !== than["is_verified"]) return key["is_verified"] === true;
  const [index, before] = [Number(key["first_message_index"]), Number(than["first_message_index"])];
  if (index !== before) return index < before;
  return Number(key["forwarded_count"]) < Number(than["forwarded_count"]);
}

/** Stores keys in the current backup. Throws 404 or 403 M_WRONG_ROOM_KEYS_VERSION. */
export async function storeKeys(
  deps: BackupDeps & Pick<Services, "runner">,
  input: KeyWrite,
): Promise<BackupStats> {
  await unlessBehind(deps, async () => {
    using snapshot = deps.reader.snapshot();
    await requireCurrent(snapshot, input.user, input.version);
  });
  return inParts(input.keys, (keys) => deps.runner.run(putKeys, { ...input, keys }));
}

/** Runs the parts one after the other, one at least; the last one's reply counts. */
async function inParts<T, R>(
  items: readonly T[],
  run: (part: readonly T[]) => Promise<R>,
): Promise<R> {
  let reply = await run(items.slice(0, KEYS_PER_TRANSACTION_MAX));
  for (let at = KEYS_PER_TRANSACTION_MAX; at < items.length; at += KEYS_PER_TRANSACTION_MAX) {
    reply = await run(items.slice(at, at + KEYS_PER_TRANSACTION_MAX));
  }
  return reply;
}

/** The keys of a scope as `{rooms: {room: {sessions: {session: data}}}}`. Throws 404 for no backup. */
export async function readKeys(deps: BackupDeps, scope: KeyScope): Promise<JsonObject> {
  await unlessBehind(deps, () => requireVersion(deps.reader, scope.user, scope.version));
  using snapshot = deps.reader.snapshot();
  const rooms: Record<string, { sessions: Record<string, Json> }> = {};
  for await (const { room, session, data } of keysIn(snapshot, scope)) {
    (rooms[room] ??= { sessions: {} }).sessions[session] = data;
  }
  return { rooms };
}

/** The keys of a room as `{sessions: …}`, empty when there are none. Throws 404 for no backup. */
export async function readRoomKeys(
  deps: BackupDeps,
  scope: KeyScope & { readonly room: string },
): Promise<JsonObject> {
  const { rooms } = await readKeys(deps, scope);
  const found = isObject(rooms) ? rooms[scope.room] : undefined;
  return isObject(found) ? found : { sessions: {} };
}

/** One key. Throws 404 when the backup or the key does not exist. */
export async function readKey(
  deps: BackupDeps,
  scope: KeyScope & { readonly room: string; readonly session: string },
): Promise<JsonObject> {
  const { user, version, room, session } = scope;
  return unlessBehind(deps, () => {
    requireVersion(deps.reader, user, version);
    const data = deps.reader.get(puts, ["backup_key", user, version, room, session])?.value;
    if (!isObject(data)) throw notFound("Key not found.");
    return data;
  });
}

async function* keysIn(snapshot: Snapshot, scope: KeyScope): AsyncGenerator<BackupKey> {
  const { user, version, room, session } = scope;
  const prefix = ["backup_key", user, version, ...(room === undefined ? [] : [room])];
  let after: string[] | undefined;
  do {
    const rows = await snapshot.range(puts, {
      prefix,
      limit: ROWS_PER_READ,
      ...(after ? { after } : {}),
    });
    for (const [[, , , itsRoom = "", itsSession = ""], { value }] of rows) {
      if (!isObject(value) || (session !== undefined && session !== itsSession)) continue;
      yield { room: itsRoom, session: itsSession, data: value };
    }
    const last = rows.length < ROWS_PER_READ ? undefined : rows.at(-1);
    after = last?.[0].slice(prefix.length);
  } while (after !== undefined);
}

/** Command: removes keys. */
export function removeKeys(
  draft: Draft,
  input: { user: UserId; version: string; keys: readonly Pick<BackupKey, "room" | "session">[] },
): BackupStats {
  const { user, version } = input;
  for (const { room, session } of input.keys) {
    if (draft.get(puts, ["backup_key", user, version, room, session])?.value === undefined)
      continue;
    draft.putFact("backup_key", [user, version, room, session], undefined);
  }
  return statsOf(draft, user, version);
}

/** Removes the keys of a scope; none is fine. Throws 404 for no backup. */
export async function deleteKeys(
  deps: Pick<Services, "reader" | "runner">,
  scope: KeyScope,
): Promise<BackupStats> {
  requireVersion(deps.reader, scope.user, scope.version);
  return clearKeys(deps, scope);
}

/** Deletes a backup with its keys. Throws 404 for one that never was. */
export async function deleteVersion(
  deps: Pick<Services, "reader" | "runner">,
  input: { readonly user: UserId; readonly version: string },
): Promise<void> {
  await deps.runner.run(markDeleted, { ...input });
  await clearKeys(deps, input);
}

async function clearKeys(
  deps: Pick<Services, "reader" | "runner">,
  scope: KeyScope,
): Promise<BackupStats> {
  const keys: Pick<BackupKey, "room" | "session">[] = [];
  {
    using snapshot = deps.reader.snapshot();
    for await (const { room, session } of keysIn(snapshot, scope)) keys.push({ room, session });
  }
  const { user, version } = scope;
  return inParts(keys, (part) => deps.runner.run(removeKeys, { user, version, keys: part }));
}
