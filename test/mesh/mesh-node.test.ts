import { afterEach, expect, test } from "vitest";
import type { BoxId } from "../../core/ids.ts";
import { incarnationOf } from "../../core/vector.ts";
import { HYBRID_TICKS_PER_MS } from "../../core/transaction/records.ts";
import type { HybridTime } from "../../core/transaction/records.ts";
import { MemoryDisk } from "../../mesh/store/memory-store.ts";
import { oneBox, someBoxes } from "../support/one-box.ts";
import type { TestBox, TestBoxOptions } from "../support/one-box.ts";
import { note } from "./journal/open-ledger.ts";

const NOW_MS = Date.UTC(2026, 0, 1);
const opened: TestBox[] = [];
afterEach(async () => {
  for (const box of opened.splice(0)) await box.stop();
});

async function started(options: TestBoxOptions): Promise<TestBox> {
  const box = await oneBox(options);
  opened.push(box);
  return box;
}

const bornAt = (box: TestBox): number => incarnationOf(box.node.ledger.life);

test("a life begins by the box's own clock, not by the times of others that it has observed", async () => {
  const disk = new MemoryDisk();
  const first = await oneBox({ disk, wallClock: () => NOW_MS });
  first.node.clock.observe(((NOW_MS + 60_000) * HYBRID_TICKS_PER_MS) as HybridTime);
  await first.node.runner.run(note, "late");
  await first.stop();
  expect(bornAt(await started({ disk, wallClock: () => NOW_MS + 5000 }))).toBe(NOW_MS + 5000);
});

test("a box whose clock is not set begins a life after its last one all the same", async () => {
  const disk = new MemoryDisk();
  const first = await oneBox({ disk, wallClock: () => NOW_MS });
  await first.stop();
  expect(bornAt(await started({ disk, wallClock: () => 1000 }))).toBeGreaterThan(bornAt(first));
});

test("a box that stops, or whose store is being repaired, refuses writes with the reason", async () => {
  const box = await started({});
  box.node.refuseWrites("The store is being repaired.");
  await expect(box.node.runner.run(note, "one")).rejects.toThrow("being repaired");
  box.node.refuseWrites(undefined);
  expect(await box.node.runner.run(note, "one")).toBe("one");
  await box.node.stop();
  await expect(box.node.runner.run(note, "two")).rejects.toThrow("stopping");
});

test("every box counts itself as a member, and all know the same ones once they have met", async () => {
  const alone = await started({ box: "ffffffff" as BoxId });
  expect(alone.node.memberIds()).toEqual(["ffffffff"]);
  const { boxes } = await someBoxes(3);
  opened.push(...boxes);
  await expect.poll(() => boxes.map(({ node }) => node.memberIds().length)).toEqual([3, 3, 3]);
});
