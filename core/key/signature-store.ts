import type { JsonObject } from "../json.ts";
import { isObject } from "../json.ts";
import type { UserId } from "../ids.ts";
import type { Snapshot } from "../ports.ts";
import { PART_SEPARATOR, readSection, readSectionPart, userDoc } from "../user-data/section.ts";

/**
 * Signatures uploaded for keys, kept in the document of the user who signed:
 * - section `signatures`, for one's own keys: `<target> U+001F <signing key>` → signature. All users
 *   who can see the key see them, so they count as a change of the device list.
 * - section `user_signatures`, for other users' master keys: `<target user> U+001F <target> U+001F
 *   <signing key>` → signature. Only the signer sees them, lest they tell who knows whom.
 *
 * `target` is a device ID or the public half of a master key; `signing key` is `ed25519:…`.
 */
export const OWN_SIGNATURES = "signatures";
export const USER_SIGNATURES = "user_signatures";

export function ownSignatureKey(target: string, signingKey: string): string {
  return [target, signingKey].join(PART_SEPARATOR);
}

export function userSignatureKey(user: UserId, target: string, signingKey: string): string {
  return [user, target, signingKey].join(PART_SEPARATOR);
}

/** The user whose key a field of `user_signatures` signs: `/sync` tells the signer of a change. */
export function signedUser(field: string): UserId {
  return field.slice(0, field.indexOf(PART_SEPARATOR)) as UserId;
}

/** target → signer → signing key → signature */
export type SignatureStore = ReadonlyMap<string, Readonly<Record<string, JsonObject>>>;

/** Signatures on a user's keys that another user may see. */
export async function visibleSignatures(
  snapshot: Snapshot,
  asking: UserId,
  owner: UserId,
): Promise<SignatureStore> {
  const store = new Map<string, Record<string, JsonObject>>();
  add(store, owner, await readSection(snapshot, userDoc(owner), OWN_SIGNATURES));
  if (asking !== owner) {
    const made = await readSectionPart(snapshot, userDoc(asking), USER_SIGNATURES, owner);
    add(store, asking, made);
  }
  return store;
}

function add(
  store: Map<string, Record<string, JsonObject>>,
  signer: UserId,
  rows: ReadonlyMap<string, unknown>,
): void {
  for (const [key, signature] of rows) {
    const at = key.indexOf(PART_SEPARATOR);
    if (at < 0 || typeof signature !== "string") continue;
    const target = key.slice(0, at);
    const before = store.get(target) ?? {};
    const signed = { ...before[signer], [key.slice(at + 1)]: signature };
    store.set(target, { ...before, [signer]: signed });
  }
}

/** A key object with further signatures; those it was uploaded with stay. */
export function withSignatures(
  key: JsonObject,
  more: Readonly<Record<string, JsonObject>> | undefined,
): JsonObject {
  if (more === undefined) return key;
  const signatures: Record<string, JsonObject> = {};
  const own = isObject(key["signatures"]) ? key["signatures"] : {};
  for (const [signer, made] of [...Object.entries(own), ...Object.entries(more)]) {
    if (isObject(made)) signatures[signer] = { ...signatures[signer], ...made };
  }
  return { ...key, signatures };
}
