import { roundOf } from "../account/token-form.ts";
import type { DeviceId, UserId } from "../ids.ts";
import { dropOneTimeKeys } from "../key/drop-one-time-keys.ts";
import { isObject } from "../json.ts";
import { PUSHERS } from "../push/pusher-index.ts";
import type { Env, Reader } from "../ports.ts";
import type { Requester, Services } from "../services.ts";
import { toDevice } from "../tables.ts";
import type { Draft } from "../transaction/draft.ts";
import { ROUND_OF_ENDED } from "../transaction/records.ts";
import { PART_SEPARATOR, readSection, userDoc } from "../user-data/section.ts";
import type { Vector } from "../vector.ts";

/** Devices removed in one transaction: each is about five records of the 2,000 that fit. */
const DEVICES_PER_TRANSACTION_MAX = 100;

/** Entries of vectors in one transaction, 30 bytes each: an entry of the journal takes three times that. */
const VECTOR_ENTRIES_MAX = 20_000;

/** What belongs to a device and goes with it: its name, its identity keys and its fallback keys. */
const DEVICE_SECTIONS = ["devices", "device_keys", "fallback_keys", "signatures"] as const;

export interface EndSessions {
  readonly user: UserId;
  readonly devices: readonly DeviceId[];
  /** Of the devices, those for which messages wait here; and all that is here, which ends with them. */
  readonly queues: { readonly devices: readonly DeviceId[]; readonly upTo: Vector };
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
    // Each kind has its place, so that what spares a device does not undo what spares none.
    const place = input.everywhere.except === undefined ? "user" : "user_but";
    draft.putFact("revoked", [place, user], { before: env.time, ...input.everywhere });
  }
  for (const device of input.devices) {
    draft.putFact("revoked", ["device", user, device], { before: env.time });
  }
  for (const [section, key] of input.keys) draft.setField(userDoc(user), section, key, undefined);
  for (const device of input.queues.devices) {
    draft.acknowledgeToDevice(user, device, input.queues.upTo);
  }
}

/** Removes devices with their keys and ends their tokens. Devices that do not exist are passed over. */
export async function removeDevices(
  deps: Pick<Services, "reader" | "runner">,
  input: Omit<EndSessions, "keys" | "queues">,
): Promise<void> {
  let first = true;
  const count = devicesAtOnce(deps.reader);
  for (let at = 0; first || at < input.devices.length; at += count) {
    const devices = input.devices.slice(at, at + count);
    const keys = await ownedBy(deps.reader, input.user, devices);
    const queues = await waitingFor(deps.reader, input.user, devices);
    const part = { user: input.user, devices, keys, queues };
    // The revocations of the whole user and of the asking token go first, and once.
    await deps.runner.run(endSessions, first ? { ...input, ...part } : part);
    first = false;
  }
  for (const device of input.devices) await dropOneTimeKeys(deps, input.user, device);
}

function devicesAtOnce(reader: Reader): number {
  using snapshot = reader.snapshot();
  const entries = Math.max(1, Object.keys(snapshot.vector).length);
  const fitting = Math.max(1, Math.floor(VECTOR_ENTRIES_MAX / entries));
  return Math.min(DEVICES_PER_TRANSACTION_MAX, fitting);
}

/** What comes later, or from a box that is cut off now, goes when all boxes have it: `mesh/janitor/`. */
async function waitingFor(
  reader: Reader,
  user: UserId,
  devices: readonly DeviceId[],
): Promise<EndSessions["queues"]> {
  using snapshot = reader.snapshot();
  const out: DeviceId[] = [];
  for (const device of devices) {
    const rows = await snapshot.range(toDevice, { prefix: [user, device], limit: 1 });
    if (rows.length > 0) out.push(device);
  }
  return { devices: out, upTo: snapshot.vector };
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
