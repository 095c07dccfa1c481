import type { BoxId, DeviceId, UserId } from "../ids.ts";
import {
  deviceTopic,
  oneTimeKeyCounts,
  oneTimeKeys,
  toDevice,
  toDeviceAcks,
  toDeviceIds,
} from "../tables.ts";
import type { OneTimeKey } from "../tables.ts";
import { boxOf, covers, EMPTY_VECTOR, incarnationOf, merge } from "../vector.ts";
import type { ApplyContext } from "./apply.ts";
import type { DequeueRecord, EnqueueRecord } from "./records.ts";
import { logToTopic } from "./topics.ts";

export function applyEnqueue(context: ApplyContext, record: EnqueueRecord, index: number): void {
  const { view } = context;
  if (record.queue === "to_device") return enqueueMessage(context, record, index);
  const { user, device, algorithm, keyId } = record;
  const before = view.get(oneTimeKeys, [user, device, algorithm, keyId]);
  const { time } = context;
  const { origin } = context.dot;
  // A key that was ever claimed stays claimed, whoever uploads it again. Of two uploads on boxes that
  // had different members, and so chose different owners, the earlier one counts on every box.
  if (before && !isEarlier({ time, origin }, before)) return;
  const owner = record.owner as BoxId;
  view.put(oneTimeKeys, [user, device, algorithm, keyId], { key: record.key, owner, time, origin });
  if (!before) countOneTimeKeys(context, user, device, algorithm, 1);
}

function isEarlier(
  upload: Required<Pick<OneTimeKey, "time" | "origin">>,
  before: OneTimeKey,
): boolean {
  if (before.time === undefined || before.origin === undefined) return false;
  if (upload.time !== before.time) return upload.time < before.time;
  return upload.origin < before.origin;
}

function enqueueMessage(
  context: ApplyContext,
  { user, device, message }: Extract<EnqueueRecord, { queue: "to_device" }>,
  index: number,
): void {
  const { view, dot, time } = context;
  if (message.id !== undefined && isKnown(context, user, device, message.id)) return;
  const place = [boxOf(dot.origin), incarnationOf(dot.origin), dot.seq, index] as const;
  if (message.id !== undefined) view.put(toDeviceIds, [user, device, message.id], { place, time });
  const acknowledged = view.get(toDeviceAcks, [user, device]);
  // The client had it from another box, and its acknowledgement overtook the message.
  if (acknowledged && covers(acknowledged, dot)) return;
  view.put(toDevice, [user, device, ...place], { ...message, time });
  logToTopic(context, deviceTopic(user, device), { toDevice: index });
}

/** Did another transaction bring the same message? Then it is noted with it. */
function isKnown(context: ApplyContext, user: UserId, device: DeviceId, id: string): boolean {
  const { view, dot } = context;
  const known = view.get(toDeviceIds, [user, device, id]);
  if (!known) return false;
  const waiting = view.get(toDevice, [user, device, ...known.place]);
  if (waiting) {
    const also = [...(waiting.also ?? []), dot];
    view.put(toDevice, [user, device, ...known.place], { ...waiting, also });
  }
  return true;
}

export function applyDequeue(context: ApplyContext, record: DequeueRecord): void {
  const { view } = context;
  if (record.queue === "to_device") {
    const before = view.get(toDeviceAcks, [record.user, record.device]) ?? EMPTY_VECTOR;
    view.put(toDeviceAcks, [record.user, record.device], merge(before, record.upTo));
    return;
  }
  const key = [record.user, record.device, record.algorithm, record.keyId] as const;
  const before = view.get(oneTimeKeys, [...key]);
  view.put(oneTimeKeys, [...key], {});
  if (before?.key !== undefined) {
    countOneTimeKeys(context, record.user, record.device, record.algorithm, -1);
  }
}

function countOneTimeKeys(
  context: ApplyContext,
  user: UserId,
  device: DeviceId,
  algorithm: string,
  by: number,
): void {
  const counts = context.view.get(oneTimeKeyCounts, [user, device]) ?? {};
  context.view.put(oneTimeKeyCounts, [user, device], {
    ...counts,
    [algorithm]: (counts[algorithm] ?? 0) + by,
  });
  logToTopic(context, deviceTopic(user, device), { oneTimeKeys: true });
}
