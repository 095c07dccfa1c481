import { createHash } from "node:crypto";
import { createdAt } from "../device/devices.ts";
import type { DeviceId, UserId } from "../ids.ts";
import type { Json, JsonObject } from "../json.ts";
import { isObject } from "../json.ts";
import type { Snapshot, View } from "../ports.ts";
import type { Services } from "../services.ts";
import { fields, pushersByKey } from "../tables.ts";
import { readSection, userDoc } from "../user-data/section.ts";
import { PUSHERS_MAX } from "./constants.ts";
import { pusherField, PUSHERS, splitPusherField } from "./pusher-index.ts";

/** What the user's document holds of a pusher. */
export interface StoredPusher {
  readonly kind: "http";
  readonly app_display_name: string;
  readonly device_display_name: string;
  readonly profile_tag?: string;
  readonly lang: string;
  readonly data: JsonObject & { readonly url: string };
  /** The device that set it: when it logs out the pusher goes. */
  readonly device: DeviceId;
  /** MSC3881: switched off from another device. */
  readonly enabled: boolean;
  /** When it was set, milliseconds. */
  readonly ts: number;
}

export interface Pusher extends StoredPusher {
  readonly user: UserId;
  readonly appId: string;
  readonly pushkey: string;
}

/** Is it what an earlier write of ours stored? Documents come from other boxes. */
function isStoredPusher(value: Json | undefined): value is JsonObject & StoredPusher {
  if (!isObject(value) || !isObject(value["data"]) || typeof value["data"]["url"] !== "string") {
    return false;
  }
  return value["kind"] === "http" && typeof value["device"] === "string";
}

/** A pusher whose device is still there. */
function readPusher(view: View, user: UserId, field: string): Pusher | undefined {
  const stored = view.get(fields, [userDoc(user), PUSHERS, field]);
  const names = splitPusherField(field);
  if (!names || !isStoredPusher(stored)) return undefined;
  if (createdAt(view, user, stored.device) === undefined) return undefined;
  return { ...stored, user, appId: names[0], pushkey: names[1] };
}

export async function pushersOf(snapshot: Snapshot, user: UserId): Promise<Pusher[]> {
  const section = await readSection(snapshot, userDoc(user), PUSHERS);
  return [...section.keys()].flatMap((field) => readPusher(snapshot, user, field) ?? []);
}

/** As clients see them. https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3pushers */
export async function listPushers(
  deps: Pick<Services, "reader">,
  user: UserId,
): Promise<JsonObject[]> {
  using snapshot = deps.reader.snapshot();
  return (await pushersOf(snapshot, user)).map((pusher) => ({
    pushkey: pusher.pushkey,
    app_id: pusher.appId,
    kind: pusher.kind,
    app_display_name: pusher.app_display_name,
    device_display_name: pusher.device_display_name,
    ...(pusher.profile_tag === undefined ? {} : { profile_tag: pusher.profile_tag }),
    lang: pusher.lang,
    data: pusher.data,
    "org.matrix.msc3881.enabled": pusher.enabled,
    "org.matrix.msc3881.device_id": pusher.device,
  }));
}

/** Those of a user's pushers that one request serves: the same gateway, told in the same form. */
export interface Gateway {
  readonly user: UserId;
  readonly url: string;
  readonly idOnly: boolean;
  readonly pushers: readonly Pusher[];
}

/** Everything that is pushed to, by a short name that is the same on every box. */
export async function readGateways(snapshot: Snapshot): Promise<Map<string, Gateway>> {
  const rows = await snapshot.range(pushersByKey, { prefix: [], limit: PUSHERS_MAX });
  const gateways = new Map<string, Gateway>();
  for (const [[appId, pushkey, user]] of rows) {
    const pusher = readPusher(snapshot, user, pusherField(appId, pushkey));
    if (!pusher?.enabled) continue;
    const url = pusher.data.url;
    const idOnly = pusher.data["format"] === "event_id_only";
    const name = nameOf(user, url, idOnly);
    const pushers = [...(gateways.get(name)?.pushers ?? []), pusher];
    gateways.set(name, { user, url, idOnly, pushers });
  }
  return gateways;
}

function nameOf(user: UserId, url: string, idOnly: boolean): string {
  const text = JSON.stringify([user, url, idOnly]);
  return createHash("sha256").update(text).digest("base64url").slice(0, 16);
}
