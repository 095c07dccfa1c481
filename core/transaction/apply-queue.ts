import type { BoxId, DeviceId, UserId } from "../ids.ts";
import { deviceTopic, oneTimeKeyCounts, oneTimeKeys, toDevice, toDeviceAcks } from "../tables.ts";
import { boxOf, covers, EMPTY_VECTOR, incarnationOf, merge } from "../vector.ts";
import type { ApplyContext } from "./apply.ts";
import type { DequeueRecord, EnqueueRecord } from "./records.ts";
import { logToTopic } from "./topics.ts";

export function applyEnqueue(context: ApplyContext, record: EnqueueRecord, index: number): void {
  const { view, dot } = context;
  if (record.queue === "to_device") {
    const acknowledged = view.get(toDeviceAcks, [record.user, record.device]);
    // The client had it from another box, and its acknowledgement overtook the message.
    if (acknowledged && covers(acknowledged, dot)) return;
    view.put(
      toDevice,
      [record.user, record.device, boxOf(dot.origin), incarnationOf(dot.origin), dot.seq, index],
      { ...record.message, time: context.time },
    );
    logToTopic(context, deviceTopic(record.user, record.device), { toDevice: index });
    return;
  }
  const key = [record.user, record.device, record.algorithm, record.keyId] as const;
  // A key that was ever claimed stays claimed, whoever uploads it again.
  if (view.get(oneTimeKeys, [...key])) return;
  view.put(oneTimeKeys, [...key], { key: record.key, owner: record.owner as BoxId });
  countOneTimeKeys(context, record.user, record.device, record.algorithm, 1);
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
