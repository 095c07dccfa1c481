import { sendDirectMessages } from "../../../core/device/send-to-device.ts";
import { setMarkers } from "../../../core/ephemeral-facts/receipts.ts";
import type { EventId, RoomId } from "../../../core/ids.ts";
import type { JsonObject } from "../../../core/json.ts";
import { sendMessage } from "../../../core/rooms/commands/send-message.ts";
import type { Requester, Services } from "../../../core/services.ts";
import { syncOnce } from "../../support/sync-once.ts";
import type { FamilyBox } from "./family-box.ts";
import { ciphertext, draw, roomOf, YEAR, YEAR_BEGAN_MS, YEAR_MS } from "./family-plan.ts";
import type { Family } from "./family-plan.ts";

/** Requests under way at a time: they share synced writes, as those of many clients do. */
const AT_ONCE = 100;
/** Answers read until a device has all its messages: an answer holds 100 of them. */
const SYNCS_PER_LOOK_MAX = 50;

/** Where in the year: messages before and after, of so many in all. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly of: number;
}

/** Lives through a stretch of the year on a box. */
export async function live(here: FamilyBox, family: Family, stretch: Stretch): Promise<Family> {
  const { services } = here;
  const newest = new Map<RoomId, EventId>();
  const tokens = [...family.tokens];
  const messagesPerSync = Math.max(1, Math.floor(stretch.of / YEAR.syncsPerDevice));
  for (let n = stretch.from; n < stretch.to; n += AT_ONCE) {
    const end = Math.min(n + AT_ONCE, stretch.to);
    here.clock.nowMs = YEAR_BEGAN_MS + Math.floor((YEAR_MS * end) / stretch.of);
    const requests: Promise<void>[] = [];
    for (let i = n; i < end; i++) requests.push(...atMessage(services, family, newest, i));
    await Promise.all(requests);
    if (Math.floor(n / messagesPerSync) === Math.floor(end / messagesPerSync)) continue;
    for (const [d, device] of family.devices.entries()) {
      tokens[d] = await catchUp(services, device, tokens[d]);
    }
  }
  return { ...family, tokens, nowMs: here.clock.nowMs };
}

/** The n-th message of the year, and what goes with it: now and then a receipt and a new room key. */
function atMessage(
  services: Services,
  { devices, rooms }: Family,
  newest: Map<RoomId, EventId>,
  n: number,
): Promise<void>[] {
  const room = roomOf(n, rooms);
  const requester = pick(devices, draw(n, 2));
  const sent = async (): Promise<void> => {
    newest.set(room, await say(services, requester, room, n));
  };
  const requests = [sent()];
  const seen = newest.get(room);
  if (isDue(n, YEAR.receipts) && seen) {
    const marker = { type: "m.read", event: seen, thread: "" } as const;
    const { user } = pick(devices, draw(n, 3));
    requests.push(setMarkers(services, { room, user, markers: [marker] }));
  }
  const others = devices.length - 1;
  if (isDue(n, YEAR.toDeviceMessages / others)) requests.push(shareKey(services, devices, n));
  return requests;
}

/** Spreads `count` things evenly over the messages of a whole year. */
function isDue(n: number, count: number): boolean {
  const share = count / YEAR.messages;
  return Math.floor((n + 1) * share) > Math.floor(n * share);
}

function pick(devices: readonly Requester[], at: number): Requester {
  const device = devices[Math.floor(at * devices.length)];
  if (device === undefined) throw new Error("a family has devices");
  return device;
}

export function say(
  services: Services,
  requester: Requester,
  room: RoomId,
  n: number,
): Promise<EventId> {
  const content = { algorithm: "m.megolm.v1.aes-sha2", ciphertext: ciphertext(n) };
  const txnId = `m${n}`;
  return sendMessage(services, { requester, room, type: "m.room.encrypted", txnId, content });
}

/** A room key goes to every other device. */
function shareKey(services: Services, devices: readonly Requester[], n: number): Promise<void> {
  const requester = pick(devices, draw(n, 4));
  const messages: Record<string, JsonObject> = {};
  for (const { user, device } of devices) {
    if (device === requester.device) continue;
    messages[user] = { ...messages[user], [device]: { ciphertext: ciphertext(n) } };
  }
  const type = "m.room.encrypted";
  return sendDirectMessages(services, { requester, type, txnId: `k${n}`, messages });
}

/** Syncs until nothing waits for the device. Returns its token. */
export async function catchUp(
  services: Services,
  device: Requester,
  since: string | undefined,
): Promise<string> {
  let token = since;
  for (let i = 0; i < SYNCS_PER_LOOK_MAX; i++) {
    const answer = await syncOnce(services, device, token);
    token = String(answer["next_batch"]);
    if (answer["to_device"] === undefined) break;
  }
  return token ?? "";
}
