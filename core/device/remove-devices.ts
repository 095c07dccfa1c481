import { roundOf } from "../account/token-form.ts";
import type { DeviceId, UserId } from "../ids.ts";
import { dropOneTimeKeys } from "../key/drop-one-time-keys.ts";
import { isObject } from "../json.ts";
import { PUSHERS } from "../push/pusher-index.ts";
import type { Env, Reader } from "../ports.ts";
import type { Requester, Services } from "../services.ts";
import type { Draft } from "../transaction/draft.ts";
import { ROUND_OF_ENDED } from "../transaction/records.ts";
import { PART_SEPARATOR, readSection, userDoc } from "../user-data/section.ts";

/** Devices removed in one transaction: each is about five records of the 2,000 that fit. */
const DEVICES_PER_TRANSACTION_MAX = 100;

/** What belongs to a device and goes with it: its name, its identity keys and its fallback keys. */
const DEVICE_SECTIONS = ["devices", "device_keys", "fallback_keys", "signatures"] as const;

export interface EndSessions {
  readonly user: UserId;
  readonly devices: readonly DeviceId[];
  /** Keys of the user document that go with the devices, by section; `ownedBy` collects them. */
  readonly keys: readonly (readonly [section: string, key: string])[];
  /** The token that asks, ended with its session by ID: its issue may lie ahead of this box's clock. */
  readonly tokenId?: string;
  /** Every token of the user issued until now ends, but for those of `except`. */
  readonly everywhere?: { readonly except?: DeviceId };
}

/** Command: ends sessions and removes their devices with all keys but the one-time keys. */
export function endSessions(draft: Draft, input: EndSessions, env: Env): void {
  const { user } = input;
  if (input.tokenId !== undefined) {
    draft.putFact("revoked", ["token", input.tokenId], { before: env.time });
    const session = roundOf(input.tokenId)?.session;
    if (session !== undefined) draft.raiseRound(session, ROUND_OF_ENDED);
  }
  if (input.everywhere) {
    draft.putFact("revoked", ["user", user], { before: env.time, ...input.everywhere });
  }
  for (const device of input.devices) {
    draft.putFact("revoked", ["device", user, device], { before: env.time });
  }
  for (const [section, key] of input.keys) draft.setField(userDoc(user), section, key, undefined);
}

/** Removes devices with their keys and ends their tokens. Devices that do not exist are passed over. */
export async function removeDevices(
  deps: Pick<Services, "reader" | "runner">,
  input: Omit<EndSessions, "keys">,
): Promise<void> {
  let first = true;
  for (let at = 0; first || at < input.devices.length; at += DEVICES_PER_TRANSACTION_MAX) {
    const devices = input.devices.slice(at, at + DEVICES_PER_TRANSACTION_MAX);
    const keys = await ownedBy(deps.reader, input.user, devices);
    // The revocations of the whole user and of the asking token go first, and once.
    const part = first ? { ...input, devices, keys } : { user: input.user, devices, keys };
    await deps.runner.run(endSessions, part);
    first = false;
  }
  for (const device of input.devices) await dropOneTimeKeys(deps, input.user, device);
}

async function ownedBy(
  reader: Reader,
  user: UserId,
  devices: readonly DeviceId[],
): Promise<[section: string, key: string][]> {
  const wanted = new Set<string>(devices);
  using snapshot = reader.snapshot();
  const out: [string, string][] = [];
  for (const section of DEVICE_SECTIONS) {
    for (const key of (await readSection(snapshot, userDoc(user), section)).keys()) {
      if (wanted.has(key.split(PART_SEPARATOR, 1)[0] ?? "")) out.push([section, key]);
    }
  }
  for (const [key, pusher] of await readSection(snapshot, userDoc(user), PUSHERS)) {
    const device = isObject(pusher) ? pusher["device"] : undefined;
    if (typeof device === "string" && wanted.has(device)) out.push([PUSHERS, key]);
  }
  return out;
}

/** Ends the session that asks and removes its device. */
export async function logOut(
  deps: Pick<Services, "reader" | "runner">,
  requester: Requester,
): Promise<void> {
  const { user, device, tokenId } = requester;
  await removeDevices(deps, { user, devices: [device], tokenId });
}

/** Ends all sessions of the user, those that this box has not heard of included. */
export async function logOutEverywhere(
  deps: Pick<Services, "reader" | "runner">,
  input: { readonly user: UserId; readonly tokenId?: string; readonly except?: DeviceId },
): Promise<void> {
  const { user, tokenId, except } = input;
  const devices = (await devicesOf(deps.reader, user)).filter((device) => device !== except);
  await removeDevices(deps, {
    user,
    devices,
    everywhere: except === undefined ? {} : { except },
    ...(tokenId === undefined ? {} : { tokenId }),
  });
}

/** The IDs of a user's devices, sorted. */
export async function devicesOf(reader: Reader, user: UserId): Promise<DeviceId[]> {
  using snapshot = reader.snapshot();
  return [...(await readSection(snapshot, userDoc(user), "devices")).keys()] as DeviceId[];
}
