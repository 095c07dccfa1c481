import { afterEach, expect, test } from "vitest";
import type { BoxId } from "../../core/ids.ts";
import { incarnationOf, ofBox } from "../../core/vector.ts";
import { HYBRID_TICKS_PER_MS } from "../../core/transaction/records.ts";
import type { HybridTime } from "../../core/transaction/records.ts";
import { OPEN_LIVES_MAX, PAUSE_STEP_MS } from "../../mesh/journal/life-pace.ts";
import { MemoryDisk } from "../../mesh/store/memory-store.ts";
import { FAIR } from "../simulation/options.ts";
import { EPOCH_MS } from "../simulation/wall-clock.ts";
import { World } from "../simulation/world.ts";
import { oneBox, someBoxes } from "../support/one-box.ts";
import type { TestBox, TestBoxOptions } from "../support/one-box.ts";
import { note, openLedger } from "./journal/open-ledger.ts";

const NOW_MS = Date.UTC(2026, 0, 1);
const YEAR_MS = 365 * 24 * 3_600_000;
const opened: TestBox[] = [];
afterEach(async () => {
  for (const box of opened.splice(0)) await box.stop();
});

async function started(options: TestBoxOptions): Promise<TestBox> {
  const box = await oneBox(options);
  opened.push(box);
  return box;
}

const bornAt = ({ node }: Pick<TestBox, "node">): number => incarnationOf(node.ledger.life);

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

test("an empty box takes no writes and begins no life before it has met another one", async () => {
  const world = new World("lost", {
    boxes: 2,
    faults: {},
    weather: FAIR,
    ack: "reachable",
    clockOffsetsMs: [],
  });
  await world.open();
  const [a, b] = world.boxes;
  if (!a || !b) throw new Error("there are two boxes");
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    world.network.block(from.id, to.id);
  }
  b.kill({ reset: false });
  b.disk.replace();
  b.clock.offsetMs = 60 * YEAR_MS;
  await world.finish(b.start());
  expect(b.node?.isLost).toBe(true);
  expect(b.services).toBeUndefined();
  await expect(world.finish(b.node?.runner.run(note, "too early"))).rejects.toThrow(
    "nothing on its disk",
  );
  await world.clock.run(world.clock.nowMs + 3_600_000);
  expect(b.node?.isLost).toBe(true);
  world.network.heal();
  await world.clock.run(world.clock.nowMs + 60_000, () => world.hasConverged);
  expect(world.hasConverged).toBe(true);
  if (!b.node) throw new Error("the box has died");
  expect(bornAt({ node: b.node })).toBeLessThan(EPOCH_MS + YEAR_MS);
  await world.finish(b.node?.runner.run(note, "in time"));
});

test.each([
  ["with another one", 2],
  ["alone", 1],
])("a box %s that dies soon after each start waits before a further life", async (_, boxes) => {
  const world = new World("crash loop", {
    boxes,
    faults: {},
    weather: FAIR,
    ack: "local",
    clockOffsetsMs: [],
  });
  await world.open();
  const box = world.boxes.at(-1);
  if (!box) throw new Error("there are boxes");
  const openLives = (): number => Object.keys(ofBox(box.id, box.node?.ledger.vector ?? {})).length;
  const born = box.node ? bornAt({ node: box.node }) : 0;
  box.kill({ reset: true });
  await world.clock.run(world.clock.nowMs + 1000);
  for (let i = 1; i <= OPEN_LIVES_MAX; i++) {
    const disk = box.disk.current;
    await (await openLedger({ box: box.id, incarnation: born + i, disk })).ledger.beginLife();
  }
  await world.finish(box.start());
  const before = openLives();
  expect(before).toBeGreaterThan(OPEN_LIVES_MAX);
  expect(box.node?.isIdle).toBe(true);
  expect(box.services).toBeUndefined();
  for (const runner of [box.node?.runner, box.node?.settling]) {
    await expect(world.finish(runner?.run(note, "too early"))).rejects.toThrow("waits");
  }
  expect(box.node?.membership.members()).toHaveLength(boxes);
  await world.clock.run(world.clock.nowMs + PAUSE_STEP_MS);
  expect(world.boxes.map(({ node }) => node?.replicator.peers().length)).not.toContain(1);
  expect([box.node?.isIdle, openLives()]).toEqual([true, before]);
  await world.clock.run(world.clock.nowMs + 60_000, () => box.services !== undefined);
  await world.finish(box.node?.runner.run(note, "in time"));
  expect(openLives()).toBe(before + 1);
  await world.clock.run(world.clock.nowMs + 60_000);
  expect(world.hasConverged).toBe(true);
  // It has lived long enough for all boxes to confirm the lives before.
  expect(openLives()).toBe(1);
});

test("a box that stops refuses writes with the reason", async () => {
  const box = await started({});
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
