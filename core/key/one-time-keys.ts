import { createHash } from "node:crypto";
import { canonicalJson } from "../event/canonical-json.ts";
import { invalidParam } from "../errors.ts";
import type { Json, JsonObject } from "../json.ts";
import { isObject } from "../json.ts";
import type { BoxId, DeviceId, UserId } from "../ids.ts";
import type { View } from "../ports.ts";
import { fields, oneTimeKeyCounts, puts } from "../tables.ts";
import { PART_SEPARATOR, userDoc } from "../user-data/section.ts";
import { KEY_BYTES_MAX, KEY_NAME_CHARACTERS_MAX } from "./constants.ts";

/**
 * One-time keys are stored under `<when the device was made>.<key ID>`: a device that is made anew under
 * an old ID counts its key IDs from the start, and those of its forerunner stay claimed for ever.
 */
export function storedKeyId(deviceCreated: number, keyId: string): string {
  return storedKeyPrefix(deviceCreated) + keyId;
}

export function storedKeyPrefix(deviceCreated: number): string {
  return `${deviceCreated.toString(36)}.`;
}

/** The key ID as the client gave it. */
export function clientKeyId(storedId: string): string {
  return storedId.slice(storedId.indexOf(".") + 1);
}

/**
 * The box that alone may hand the key out, by rendezvous hashing: all boxes are the same one for equal
 * members, and a change of members moves as few keys as can be.
 */
export function ownerOfKey(
  members: readonly BoxId[],
  place: readonly [user: UserId, device: DeviceId, algorithm: string, keyId: string],
): BoxId {
  const text = JSON.stringify(place);
  const ranked = members.map((box): [string, BoxId] => [
    createHash("sha256").update(`${box} ${text}`).digest("hex"),
    box,
  ]);
  const [winner] = ranked.toSorted(([a], [b]) => (a < b ? -1 : 1));
  if (winner === undefined) throw new Error("a mesh has at least one box");
  return winner[1];
}

export interface NamedKey {
  readonly algorithm: string;
  readonly keyId: string;
  readonly key: Json;
}

/** The keys of an upload, `{"<algorithm>:<key ID>": key}`. Throws M_INVALID_PARAM. */
export function namedKeys(keys: JsonObject): NamedKey[] {
  return Object.entries(keys).map(([name, key]) => {
    const colon = name.indexOf(":");
    if (colon < 1 || colon === name.length - 1 || name.length > KEY_NAME_CHARACTERS_MAX) {
      throw invalidParam("keys are named <algorithm>:<key ID>");
    }
    if (typeof key !== "string" && !isObject(key)) {
      throw invalidParam(`the key ${name} is neither text nor an object`);
    }
    if (Buffer.byteLength(canonicalJson(key)) > KEY_BYTES_MAX) {
      throw invalidParam(`the key ${name} is too large`);
    }
    return { algorithm: name.slice(0, colon), keyId: name.slice(colon + 1), key };
  });
}

/** The algorithm of today's one-time keys, told even when there is none: clients wait for its count. */
const USUAL_ALGORITHM = "signed_curve25519";

/** Unclaimed one-time keys of a device by algorithm, as `/sync` and `/keys/upload` tell them. */
export function countOneTimeKeys(
  view: View,
  user: UserId,
  device: DeviceId,
): Readonly<Record<string, number>> {
  return { [USUAL_ALGORITHM]: 0, ...view.get(oneTimeKeyCounts, [user, device]) };
}

/** Algorithms for which fallback keys are kept. */
const FALLBACK_ALGORITHMS = [USUAL_ALGORITHM, "curve25519"] as const;

export function isFallbackAlgorithm(algorithm: string): boolean {
  return FALLBACK_ALGORITHMS.some((known) => known === algorithm);
}

export function fallbackField(device: DeviceId, algorithm: string): string {
  return device + PART_SEPARATOR + algorithm;
}

export interface FallbackKey {
  /** Stored form, see `storedKeyId`. */
  readonly keyId: string;
  readonly key: Json;
}

export function fallbackKey(
  view: View,
  user: UserId,
  device: DeviceId,
  algorithm: string,
): FallbackKey | undefined {
  const place = fallbackField(device, algorithm);
  const stored = view.get(fields, [userDoc(user), "fallback_keys", place]);
  if (!isObject(stored) || typeof stored["keyId"] !== "string" || stored["key"] === undefined) {
    return undefined;
  }
  return { keyId: stored["keyId"], key: stored["key"] };
}

/** Algorithms whose fallback key was never handed out, for `device_unused_fallback_key_types`. */
export function unusedFallbackKeyTypes(view: View, user: UserId, device: DeviceId): string[] {
  return FALLBACK_ALGORITHMS.filter((algorithm) => {
    const key = fallbackKey(view, user, device, algorithm);
    if (key === undefined) return false;
    const used = view.get(puts, ["fallback_used", user, device, algorithm, key.keyId]);
    return used?.value === undefined;
  });
}
