import { createRoom } from "../../../core/rooms/commands/create-room.ts";
import { send } from "../../../core/rooms/commands/send-message.ts";
import type { BoxId, DeviceId, RoomId, UserId } from "../../../core/ids.ts";
import type { TestBox } from "../../support/one-box.ts";
import { oneBox, TEST_SERVER } from "../../support/one-box.ts";
import type { Benchmark } from "../benchmark.ts";

const MESSAGES = 10_000;
const MESSAGES_QUICK = 2000;
/** As many as one frame between boxes holds. */
const BATCH = 500;
const WARM_UP = 500;
const ALICE = `@alice:${TEST_SERVER}` as UserId;

/** Processor time only: the disk is in memory, and nothing is awaited between two commands. */
export const transactions: Benchmark = {
  name: "transactions",
  about: "one message as a command on one box and as an entry from another, without HTTP and disk",
  run: async (figures, { quick }) => {
    const messages = quick ? MESSAGES_QUICK : MESSAGES;
    const here = await oneBox({ box: "aaaaaaaa" as BoxId });
    const there = await oneBox({ box: "bbbbbbbb" as BoxId });
    const room = await createRoom(here.services, { user: ALICE, body: {} });
    await sendMany(here, room, 0, WARM_UP);
    await takeAll(here, there);
    const made = await timed(() => sendMany(here, room, WARM_UP, messages));
    figures.add("a message made here", made / messages, "ms");
    const taken = await timed(() => takeAll(here, there));
    figures.add("a message taken from elsewhere", taken / messages, "ms");
    await Promise.all([here.stop(), there.stop()]);
  },
};

async function timed(run: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await run();
  return performance.now() - start;
}

const requester = { user: ALICE, device: "DEVICE" as DeviceId };

async function sendMany({ node }: TestBox, room: RoomId, from: number, count: number) {
  let last: Promise<void> = Promise.resolve();
  for (let i = from; i < from + count; i++) {
    const content = { msgtype: "m.text", body: `message ${i} of ${count}, as long as most are` };
    const input = { requester, room, type: "m.room.message", txnId: `t${i}`, content };
    last = node.ledger.commit(send, { ...input, duplicate: false }).written;
    if (i % BATCH === 0) await last;
  }
  await last;
}

async function takeAll(from: TestBox, to: TestBox): Promise<void> {
  const { life } = from.node.ledger;
  for (;;) {
    const next = (to.node.ledger.positions().get(life) ?? 0) + 1;
    const texts = await from.node.ledger.read(life, next, BATCH);
    if (texts.length === 0) return;
    await to.node.replicator.take(texts);
  }
}
