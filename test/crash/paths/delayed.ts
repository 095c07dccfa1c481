import { allDelayed, readDelayed } from "../../../core/delayed/delayed-event.ts";
import { manageDelayed } from "../../../core/delayed/manage.ts";
import { scheduleEvent } from "../../../core/delayed/schedule.ts";
import { delayIdOf } from "../../../core/rooms/transaction-id.ts";
import type { Services } from "../../../core/services.ts";
import { events } from "../../../core/tables.ts";
import { boxOnDisk } from "../../support/box-on-disk.ts";
import type { BoxOnDisk } from "../../support/box-on-disk.ts";
import { untilSo } from "../../support/until-so.ts";
import { ALICE, DEVICE, inSoundBox } from "../storage-path.ts";
import type { Promised, StoragePath } from "../storage-path.ts";
import { homeWithRoom, roomIn } from "./room.ts";

const DELAY_MS = 60_000;
const EVENTS_MAX = 1000;

/** A clock of the past: an entry from the future is not taken over by the box that the journal makes again. */
const ago = (ms: number) => (): number => performance.timeOrigin + performance.now() - ms;

function later(services: Services, home: string, text: string): Promise<string> {
  return scheduleEvent(services, {
    requester: { user: ALICE, device: DEVICE },
    room: roomIn(home),
    type: "m.room.message",
    content: { msgtype: "m.text", body: text },
    delayMs: DELAY_MS,
  });
}

/** Resolves when all that is scheduled is over, and that is on disk. */
async function untilOver({ node }: BoxOnDisk): Promise<void> {
  using snapshot = node.state.snapshot();
  const all = await Array.fromAsync(allDelayed(snapshot));
  await untilSo("what was delayed is over", () =>
    all.every(({ id }) => readDelayed(node.state, id)?.ending !== undefined),
  );
  await node.ledger.settled();
}

/** How often each delayed event is in the room. */
async function sentIn({ node }: BoxOnDisk): Promise<Map<string, number>> {
  using snapshot = node.state.snapshot();
  const rows = await snapshot.range(events, { prefix: [], limit: EVENTS_MAX });
  const counts = new Map<string, number>();
  for (const [, { txn, hidden }] of rows) {
    const id = txn === undefined || hidden !== undefined ? undefined : delayIdOf(txn.id);
    if (id !== undefined) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

/** When their time has come, each is sent once, and none that was called off. */
async function sendFaults(home: string, promised: readonly Promised[]): Promise<string[]> {
  const scheduled = promised.flatMap((done) => ("scheduled" in done ? [done.scheduled] : []));
  const cancelled = promised.flatMap((done) => ("cancelled" in done ? [done.cancelled] : []));
  const sent = await inSoundBox(home, {}, async (box) => {
    await untilOver(box);
    return sentIn(box);
  });
  const times = (id: string): number => sent.get(id) ?? 0;
  return [
    ...scheduled.filter((id) => times(id) !== 1).map((id) => `${id} was sent ${times(id)} times`),
    ...cancelled.filter((id) => times(id) > 0).map((id) => `${id} was sent all the same`),
    ...[...sent].filter(([, count]) => count > 1).map(([id]) => `${id} was sent twice`),
  ];
}

export const delayed: StoragePath = {
  name: "delayed events that are scheduled, called off, and sent after a restart",
  prepare: (home) => homeWithRoom(home, [], ago(6 * DELAY_MS)),
  run: async (home, promise) => {
    const box = await boxOnDisk(home, { wallClock: ago(4 * DELAY_MS) });
    for (let i = 0; i < 3; i++) {
      const scheduled = await later(box.services, home, `later ${i}`);
      promise({ scheduled });
    }
    const cancelled = await later(box.services, home, "never");
    await manageDelayed(box.services, { id: cancelled, action: "cancel", user: ALICE });
    promise({ cancelled });
    await box.stop();
    const next = await boxOnDisk(home, { wallClock: ago(2 * DELAY_MS) });
    await untilOver(next);
    await next.stop();
  },
  faults: sendFaults,
};
