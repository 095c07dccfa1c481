import type { BoxId, DeviceId, UserId } from "../ids.ts";
import {
  deviceTopic,
  oneTimeKeyCounts,
  oneTimeKeys,
  toDevice,
  toDeviceAcks,
  toDeviceIds,
} from "../tables.ts";
import type { KnownMessage, OneTimeKey } from "../tables.ts";
import type { Dot, Origin } from "../vector.ts";
import { boxOf, covers, EMPTY_VECTOR, incarnationOf, merge, originOf } from "../vector.ts";
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
  const life = latestLife(context, owner);
  view.put(oneTimeKeys, [user, device, algorithm, keyId], {
    key: record.key,
    owner,
    ...(life ? { life } : {}),
    time,
    origin,
  });
  if (!before) countOneTimeKeys(context, user, device, algorithm, 1);
}

/** The latest life of a box that the transaction knew of. */
function latestLife({ causes, dot }: ApplyContext, box: BoxId): Origin | undefined {
  let latest: Origin | undefined;
  for (const origin of [...(Object.keys(causes) as Origin[]), dot.origin]) {
    if (boxOf(origin) !== box) continue;
    if (!latest || incarnationOf(origin) > incarnationOf(latest)) latest = origin;
  }
  return latest;
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
  const place = [boxOf(dot.origin), incarnationOf(dot.origin), dot.seq, index] as const;
  const also =
    message.id === undefined ? [] : mergeCopies(context, user, device, message.id, place);
  if (also === "waits elsewhere") return;
  const acknowledged = view.get(toDeviceAcks, [user, device]);
  // The client had it from another box, and its acknowledgement overtook the message.
  if (acknowledged && [dot, ...also].some((copy) => covers(acknowledged, copy))) return;
  const copies = also.length > 0 ? { also } : {};
  view.put(toDevice, [user, device, ...place], { ...message, time, ...copies });
  logToTopic(context, deviceTopic(user, device), { toDevice: index });
}

/**
 * When several transactions bring the same message, it waits at the place of the earliest one, on every
 * box, and names the others. Returns the copies that are known, if this is the earliest.
 */
function mergeCopies(
  context: ApplyContext,
  user: UserId,
  device: DeviceId,
  id: string,
  place: KnownMessage["place"],
): readonly Dot[] | "waits elsewhere" {
  const { view, dot, time } = context;
  const known = view.get(toDeviceIds, [user, device, id]);
  if (!known) {
    view.put(toDeviceIds, [user, device, id], { place, time });
    return [];
  }
  const waiting = view.get(toDevice, [user, device, ...known.place]);
  const [box, incarnation, seq] = known.place;
  const before: Dot = { origin: originOf(box, incarnation), seq };
  const isEarliest = time !== known.time ? time < known.time : dot.origin < before.origin;
  if (isEarliest) {
    view.put(toDeviceIds, [user, device, id], { place, time });
    if (!waiting) return "waits elsewhere";
    view.del(toDevice, [user, device, ...known.place]);
    return [...(waiting.also ?? []), before];
  }
  if (waiting) {
    const also = [...(waiting.also ?? []), dot];
    view.put(toDevice, [user, device, ...known.place], { ...waiting, also });
  }
  return "waits elsewhere";
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
