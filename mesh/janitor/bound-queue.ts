import type { UserId } from "../../core/ids.ts";
import type { StateStore } from "../store/overlay.ts";
import { dropMessages, queueOf } from "./device-queue.ts";
import type { Device } from "./device-queue.ts";

/**
 * Messages that may wait for one device, or for all that do not exist, about 100 MB of room keys. A phone
 * that was off for a year gets some 40,000 in a family: of 25 other devices a new key for each of 30 rooms
 * every week.
 */
export const WAITING_MESSAGES_MAX = 100_000;

/**
 * Drops what is too much for one device: the oldest messages of whoever sent most of what waits, so that
 * nobody can crowd out what others sent. Says how many.
 */
export async function boundQueue(
  state: StateStore,
  device: Device,
  messagesMax: number,
): Promise<number> {
  const sent = new Map<UserId, number>();
  let waiting = 0;
  for await (const rows of queueOf(state, device)) {
    waiting += rows.length;
    for (const [, { sender }] of rows) sent.set(sender, (sent.get(sender) ?? 0) + 1);
  }
  const [most] = [...sent].toSorted(([, a], [, b]) => b - a);
  if (waiting <= messagesMax || !most) return 0;
  const [sender] = most;
  const times: number[] = [];
  for await (const rows of queueOf(state, device)) {
    for (const [, message] of rows) if (message.sender === sender) times.push(message.time);
  }
  const excess = Math.min(waiting - messagesMax, times.length);
  const newestDropped = times.toSorted((a, b) => a - b)[excess - 1] ?? 0;
  let dropped = 0;
  for await (const rows of queueOf(state, device)) {
    dropped += await dropMessages(
      state,
      rows,
      ([, message]) => message.sender === sender && message.time <= newestDropped,
    );
  }
  return dropped;
}
