import { indexDelayed } from "../delayed/delayed-index.ts";
import { isObject } from "../json.ts";
import type { DeviceId, RoomId, UserId } from "../ids.ts";
import { backupStats, deviceTopic, puts } from "../tables.ts";
import type { PutEntry } from "../tables.ts";
import type { ApplyContext } from "./apply.ts";
import type { PutRecord } from "./records.ts";
import { logToTopic } from "./topics.ts";

/** The last writer wins: by time, then by origin. */
export function applyPut(context: ApplyContext, record: PutRecord): void {
  const key: [PutRecord["collection"], ...string[]] = [record.collection, ...record.key];
  const before = context.view.get(puts, key);
  // A fact that lost is logged too: where it arrived first, clients took it for the newest.
  noteForClients(context, record);
  if (before && !wins(context, before)) return;
  context.view.put(puts, key, {
    ...(record.value === undefined ? {} : { value: record.value }),
    time: context.time,
    origin: context.dot.origin,
  });
  if (record.collection === "backup_key") countBackupKey(context, record, before);
  if (record.collection === "delayed") {
    indexDelayed(context.view, record.key[0] ?? "", before?.value, record.value);
  }
}

function wins(context: ApplyContext, before: PutEntry): boolean {
  if (context.time !== before.time) return context.time > before.time;
  return context.dot.origin >= before.origin;
}

function noteForClients(context: ApplyContext, record: PutRecord): void {
  const [first = "", second = "", third = "", fourth = ""] = record.key;
  switch (record.collection) {
    case "receipt":
      return logToTopic(context, `receipts:${first as RoomId}`, {
        receipt: [second as UserId, third, fourth],
      });
    case "fully_read":
      return logToTopic(context, `user:${first as UserId}`, { fullyRead: second as RoomId });
    case "fallback_used":
      return logToTopic(context, deviceTopic(first as UserId, second as DeviceId), {
        oneTimeKeys: true,
      });
    default:
      return;
  }
}

function countBackupKey(
  context: ApplyContext,
  record: PutRecord,
  before: PutEntry | undefined,
): void {
  const [user, version = ""] = record.key as [UserId, string?];
  const stats = context.view.get(backupStats, [user, version]) ?? { count: 0, etag: "0" };
  const was = isObject(before?.value) ? 1 : 0;
  const is = isObject(record.value) ? 1 : 0;
  // The newest time and not a count, so that every box answers alike whatever the order of arrival.
  const etag = String(Math.max(Number(stats.etag), context.time));
  context.view.put(backupStats, [user, version], { count: stats.count + is - was, etag });
}
