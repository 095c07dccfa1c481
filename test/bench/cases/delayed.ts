import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DelayedSending } from "../../../core/delayed/delayed-sending.ts";
import { DELAY_MS_MAX, scheduleEvent } from "../../../core/delayed/schedule.ts";
import type { DeviceId, UserId } from "../../../core/ids.ts";
import { createRoom } from "../../../core/rooms/commands/create-room.ts";
import { puts } from "../../../core/tables.ts";
import { encodeKey } from "../../../mesh/store/keys.ts";
import type { StoreOp } from "../../../mesh/store/store.ts";
import { boxOnDisk } from "../../support/box-on-disk.ts";
import type { BoxOnDisk } from "../../support/box-on-disk.ts";
import { TEST_SERVER } from "../../support/one-box.ts";
import type { Benchmark } from "../benchmark.ts";
import { median } from "../figures.ts";

const FORGOTTEN = 20_000;
const WRITTEN_AT_ONCE = 1000;
const REPEATS = 50;
const ALICE = `@alice:${TEST_SERVER}` as UserId;
const requester = { user: ALICE, device: "DEVICE" as DeviceId };

/** Every call leaves some behind: what was must cost nothing. */
export const delayed: Benchmark = {
  name: "delayed",
  about: `delayed events on one box, without HTTP, after ${FORGOTTEN} that were forgotten`,
  run: async (figures) => {
    const home = mkdtempSync(join(tmpdir(), "hearth-bench-"));
    const box = await boxOnDisk(home);
    try {
      const room = await createRoom(box.services, { user: ALICE, body: {} });
      await forgetMany(box);
      const event = { requester, room, type: "m.room.message", content: {} };
      const scheduling = await timesOf(() =>
        scheduleEvent(box.services, { ...event, delayMs: DELAY_MS_MAX }),
      );
      figures.add("scheduling one, p50", median(scheduling), "ms");
      const starting = await timesOf(() => new DelayedSending(box.services).all());
      figures.add("finding what is due at a start, p50", median(starting), "ms");
    } finally {
      await box.stop();
      rmSync(home, { recursive: true });
    }
  },
};

async function forgetMany({ store, node }: BoxOnDisk): Promise<void> {
  const value = JSON.stringify({ time: 1, origin: node.ledger.life });
  for (let from = 0; from < FORGOTTEN; from += WRITTEN_AT_ONCE) {
    const ops = Array.from({ length: WRITTEN_AT_ONCE }, (_, i): StoreOp[] =>
      ["delayed", "delayed_since", "delayed_end"].map((collection) => {
        const key = encodeKey(puts, [collection as "delayed", `forgotten ${from + i}`]);
        return { type: "put", key, value };
      }),
    );
    await store.batch(ops.flat());
  }
}

async function timesOf(run: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < REPEATS; i++) {
    const began = performance.now();
    await run();
    times.push(performance.now() - began);
  }
  return times;
}
