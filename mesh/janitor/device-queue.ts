import type { BoxId, DeviceId, UserId } from "../../core/ids.ts";
import { deviceTopic, toDevice, topicLog } from "../../core/tables.ts";
import type { WaitingMessage } from "../../core/tables.ts";
import type { Dot } from "../../core/vector.ts";
import { originOf } from "../../core/vector.ts";
import type { StateStore } from "../store/overlay.ts";
import type { Stage } from "../store/stage.ts";

/** Rows read and deleted in one write. */
export const ROWS_AT_ONCE = 200;

export type Device = readonly [user: UserId, device: DeviceId];
export type QueueKey = readonly [UserId, DeviceId, BoxId, number, number, number];
export type QueueRow = readonly [key: QueueKey, message: WaitingMessage];

/** What waits for a device, in parts: each as it is on disk at the moment when it is asked for. */
export async function* queueOf(
  state: StateStore,
  [user, device]: Device,
): AsyncGenerator<readonly QueueRow[]> {
  let after: readonly [BoxId, number, number, number] | undefined;
  for (;;) {
    using snapshot = state.snapshot();
    const rows = await snapshot.range(toDevice, {
      prefix: [user, device],
      limit: ROWS_AT_ONCE,
      ...(after ? { after } : {}),
    });
    if (rows.length > 0) yield rows;
    const last = rows.at(-1)?.[0];
    if (!last || rows.length < ROWS_AT_ONCE) return;
    after = [last[2], last[3], last[4], last[5]];
  }
}

/** Deletes the messages that are dead, as they are now, with the notes that they came. Says how many. */
export async function dropMessages(
  state: StateStore,
  rows: readonly QueueRow[],
  isDead: (row: QueueRow, broughtBy: readonly Dot[]) => boolean,
): Promise<number> {
  if (rows.length === 0) return 0;
  let dropped = 0;
  await writing(state, (stage) => {
    for (const [key] of rows) {
      const message = stage.get(toDevice, key);
      if (!message || !isDead([key, message], broughtBy(key, message))) continue;
      stage.del(toDevice, key);
      dropNote(stage, key);
      dropped++;
    }
    return dropped > 0;
  });
  return dropped;
}

/** Writes what was staged, if it is worth it. What throws leaves no stage open. */
export async function writing(state: StateStore, write: (stage: Stage) => boolean): Promise<void> {
  const stage = state.begin();
  try {
    if (!write(stage)) return stage.abandon();
  } catch (error) {
    stage.abandon();
    throw error;
  }
  await state.commit(stage);
}

/** The transactions that brought a message. */
function broughtBy(
  [, , box, incarnation, seq]: QueueKey,
  { also = [] }: WaitingMessage,
): readonly Dot[] {
  return [{ origin: originOf(box, incarnation), seq }, ...also];
}

/** A sync has no use for the note that a message came which does not wait any more. */
function dropNote(stage: Stage, [user, device, box, incarnation, seq]: QueueKey): void {
  const key = [deviceTopic(user, device), box, incarnation, seq] as const;
  const note = stage.get(topicLog, [...key]);
  if (note?.every((entry) => "toDevice" in entry)) stage.del(topicLog, [...key]);
}
