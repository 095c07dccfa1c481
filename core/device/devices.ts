import { notFound } from "../errors.ts";
import type { JsonObject } from "../json.ts";
import { isObject } from "../json.ts";
import type { DeviceId, UserId } from "../ids.ts";
import type { Reader, View } from "../ports.ts";
import type { Services } from "../services.ts";
import { fields } from "../tables.ts";
import type { Draft } from "../transaction/draft.ts";
import { unlessBehind } from "../user-data/missing.ts";
import { readSection, userDoc } from "../user-data/section.ts";

/** Characters kept of a device's display name. */
export const DEVICE_NAME_CHARACTERS_MAX = 100;

/** When the device was made, in milliseconds; undefined when it is not known here. */
export function createdAt(view: View, user: UserId, device: DeviceId): number | undefined {
  const stored = view.get(fields, [userDoc(user), "devices", device]);
  const created = isObject(stored) ? stored["created"] : undefined;
  return typeof created === "number" ? created : undefined;
}

/**
 * Does the device exist, as far as is known here? One may live all the same on a box that is cut off now,
 * but none of an account that is closed.
 */
export function deviceExists(view: View, user: UserId, device: DeviceId): boolean {
  if (view.get(fields, [userDoc(user), "account", "deactivated"]) === true) return false;
  return view.get(fields, [userDoc(user), "devices", device]) !== undefined;
}

/** A device as clients see it. When it was last seen is not kept: that would be a write a request. */
function describe(device: string, stored: unknown): JsonObject {
  const name = isObject(stored) ? stored["display_name"] : undefined;
  return { device_id: device, ...(typeof name === "string" ? { display_name: name } : {}) };
}

const unknownDevice = (): Error => notFound("you have no device with this ID");

export async function listDevices(
  deps: { readonly reader: Reader },
  user: UserId,
): Promise<JsonObject[]> {
  using snapshot = deps.reader.snapshot();
  const devices = await readSection(snapshot, userDoc(user), "devices");
  return [...devices].map(([device, stored]) => describe(device, stored));
}

/** Throws 404 when the user has no such device. */
export async function getOneDevice(
  deps: Pick<Services, "reader" | "isCaughtUp" | "timers">,
  user: UserId,
  device: DeviceId,
): Promise<JsonObject> {
  return unlessBehind(deps, () => {
    const stored = deps.reader.get(fields, [userDoc(user), "devices", device]);
    if (stored === undefined) throw unknownDevice();
    return describe(device, stored);
  });
}

interface Rename {
  readonly user: UserId;
  readonly device: DeviceId;
  readonly displayName: string | undefined;
}

/** Command: names a device. Without a name nothing changes. Throws 404 for no such device. */
export function renameDevice(draft: Draft, { user, device, displayName }: Rename): void {
  const stored = draft.getField(userDoc(user), "devices", device);
  if (!isObject(stored)) throw unknownDevice();
  if (displayName === undefined) return;
  draft.setField(userDoc(user), "devices", device, {
    ...stored,
    display_name: displayName.slice(0, DEVICE_NAME_CHARACTERS_MAX),
  });
}

export async function updateOneDevice(
  deps: Pick<Services, "runner" | "isCaughtUp" | "timers">,
  input: Rename,
): Promise<void> {
  await unlessBehind(deps, () => deps.runner.run(renameDevice, input));
}
