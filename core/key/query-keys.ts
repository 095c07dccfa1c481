import { invalidParam } from "../errors.ts";
import type { Json, JsonObject } from "../json.ts";
import { isObject } from "../json.ts";
import type { ServerName, UserId } from "../ids.ts";
import { parseUserId, serverOf } from "../ids.ts";
import type { Snapshot } from "../ports.ts";
import type { Services } from "../services.ts";
import { fields } from "../tables.ts";
import { isKnown } from "../user-data/missing.ts";
import { readSection, userDoc } from "../user-data/section.ts";
import { USERS_PER_QUERY_MAX } from "./constants.ts";
import { crossSigningKey, publicKeyOf } from "./cross-signing-keys.ts";
import { visibleSignatures, withSignatures } from "./signature-store.ts";
import type { SignatureStore } from "./signature-store.ts";

export interface KeyQueryReply extends JsonObject {
  readonly device_keys: JsonObject;
  readonly master_keys: JsonObject;
  readonly self_signing_keys: JsonObject;
  readonly user_signing_keys: JsonObject;
  readonly failures: JsonObject;
}

/**
 * Device and cross-signing keys of users, with the signatures that the asking user may see.
 * `wanted` maps each user to the devices asked for, none meaning all. Unknown ones are left out.
 * https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysquery
 */
export async function queryUserKeys(
  deps: Pick<Services, "reader" | "serverName" | "isCaughtUp" | "timers">,
  asking: UserId,
  wanted: JsonObject,
): Promise<KeyQueryReply> {
  const users = Object.entries(wanted);
  if (users.length > USERS_PER_QUERY_MAX) throw invalidParam("too many users in one query");
  if (asking in wanted) {
    // A client that is told that it has no identity makes a new one.
    await isKnown(deps, () => crossSigningKey(deps.reader, asking, "master") !== undefined);
  }
  const reply = {
    device_keys: {} as Record<string, Json>,
    master_keys: {} as Record<string, Json>,
    self_signing_keys: {} as Record<string, Json>,
    user_signing_keys: {} as Record<string, Json>,
    failures: failuresOf(
      users.map(([name]) => name),
      deps.serverName,
    ),
  };
  using snapshot = deps.reader.snapshot();
  for (const [name, devices] of users) {
    const user = parseUserId(name);
    if (user === undefined) throw invalidParam(`${name} is not a user ID`);
    const signatures = await visibleSignatures(snapshot, asking, user);
    const found = await deviceKeysOf(snapshot, user, devices, signatures);
    if (found) reply.device_keys[user] = found;
    const key = (usage: string): JsonObject | undefined =>
      crossSigningKeyOf(snapshot, user, usage, signatures);
    const [master, selfSigning] = [key("master"), key("self_signing")];
    if (master) reply.master_keys[user] = master;
    if (selfSigning) reply.self_signing_keys[user] = selfSigning;
    const userSigning = user === asking ? key("user_signing") : undefined;
    if (userSigning) reply.user_signing_keys[user] = userSigning;
  }
  return reply;
}

/** Servers of the users that cannot be asked: all others, until there is federation. */
export function failuresOf(users: readonly string[], own: ServerName): Record<string, Json> {
  const failures: Record<string, Json> = {};
  for (const name of users) {
    const user = parseUserId(name);
    if (user === undefined || serverOf(user) === own) continue;
    failures[serverOf(user)] = { errcode: "M_UNKNOWN", error: "the server cannot be reached" };
  }
  return failures;
}

async function deviceKeysOf(
  snapshot: Snapshot,
  user: UserId,
  devices: Json | undefined,
  signatures: SignatureStore,
): Promise<JsonObject | undefined> {
  const keys = await readSection(snapshot, userDoc(user), "device_keys");
  if (keys.size === 0) return undefined;
  const only = Array.isArray(devices) && devices.length > 0 ? new Set<Json>(devices) : undefined;
  const out: Record<string, Json> = {};
  for (const [device, stored] of keys) {
    if ((only && !only.has(device)) || !isObject(stored)) continue;
    const details = snapshot.get(fields, [userDoc(user), "devices", device]);
    const name = isObject(details) ? details["display_name"] : undefined;
    out[device] = {
      ...withSignatures(stored, signatures.get(device)),
      unsigned: typeof name === "string" ? { device_display_name: name } : {},
    };
  }
  return out;
}

function crossSigningKeyOf(
  snapshot: Snapshot,
  user: UserId,
  usage: string,
  signatures: SignatureStore,
): JsonObject | undefined {
  const stored = snapshot.get(fields, [userDoc(user), "cross_signing", usage]);
  if (!isObject(stored)) return undefined;
  const publicKey = publicKeyOf(stored);
  return withSignatures(stored, publicKey === undefined ? undefined : signatures.get(publicKey));
}
