import { expect, test } from "vitest";
import type { BoxId } from "../../../core/ids.ts";
import { fields } from "../../../core/tables.ts";
import { ACK_WAIT_MS } from "../../../mesh/replica/constants.ts";
import type { SimOptions } from "../../simulation/options.ts";
import { FAIR } from "../../simulation/options.ts";
import { World } from "../../simulation/world.ts";
import { note } from "../journal/open-ledger.ts";

const SETTLE_MS = 30_000;

async function meshOf(boxes: number, options: Partial<SimOptions> = {}): Promise<World> {
  const world = new World("replicator", {
    boxes,
    faults: {},
    weather: FAIR,
    ack: "local",
    ...options,
  });
  await world.open();
  const isLinked = (): boolean =>
    world.boxes.every(({ node }) => node?.replicator.vectors().size === boxes - 1);
  expect(await world.clock.run(world.clock.nowMs + SETTLE_MS, isLinked)).toBe(true);
  await settled(world);
  return world;
}

async function settled(world: World): Promise<void> {
  expect(await world.clock.run(world.clock.nowMs + SETTLE_MS, () => world.hasConverged)).toBe(true);
}

function boxAt(world: World, index: number) {
  const box = world.boxes[index];
  if (!box) throw new Error(`there is no box ${index}`);
  return box;
}

async function write(world: World, index: number, text: string): Promise<void> {
  await world.finish(boxAt(world, index).node?.runner.run(note, text));
}

function has(world: World, index: number, text: string): boolean {
  return boxAt(world, index).services?.reader.get(fields, ["mesh", "notes", text]) === true;
}

function cut(world: World, a: BoxId, b: BoxId): void {
  world.network.block(a, b);
  world.network.block(b, a);
}

test("what one box writes reaches all others by gossip, within the time of a message", async () => {
  const world = await meshOf(3);
  await write(world, 0, "one");
  const before = world.clock.nowMs;
  await world.clock.run(before + 1000, () => has(world, 1, "one") && has(world, 2, "one"));
  expect(world.clock.nowMs - before).toBeLessThan(50);
});

test("what gossip loses comes by a stream", async () => {
  const world = await meshOf(3, { weather: { ...FAIR, gossipLoss: 1 } });
  for (const text of ["one", "two", "three"]) await write(world, 0, text);
  await settled(world);
  expect(["one", "two", "three"].map((text) => has(world, 2, text))).toEqual([true, true, true]);
});

test("a box gets what another one made through a third one", async () => {
  const world = await meshOf(3);
  cut(world, boxAt(world, 0).id, boxAt(world, 2).id);
  await world.clock.run(world.clock.nowMs + 20_000);
  await write(world, 0, "one");
  await settled(world);
  expect(has(world, 2, "one")).toBe(true);
});

test("boxes that were apart have each other's writes soon after they meet", async () => {
  const world = await meshOf(2);
  cut(world, boxAt(world, 0).id, boxAt(world, 1).id);
  for (let i = 0; i < 40; i++) {
    await write(world, 0, `left ${i}`);
    await write(world, 1, `right ${i}`);
  }
  await world.clock.run(world.clock.nowMs + 20_000);
  expect([has(world, 1, "left 0"), boxAt(world, 0).node?.replicator.vectors().size]).toEqual([
    false,
    0,
  ]);
  world.network.heal();
  await settled(world);
  expect([has(world, 1, "left 39"), has(world, 0, "right 39")]).toEqual([true, true]);
});

test("a box that lost its disk gets everything back, its own earlier lives included", async () => {
  const world = await meshOf(3);
  await write(world, 2, "mine");
  await settled(world);
  const box = boxAt(world, 2);
  box.kill({ reset: true });
  world.damage(box, () => box.disk.replace());
  await world.finish(box.start());
  await settled(world);
  expect(has(world, 2, "mine")).toBe(true);
});

test("a box whose disk went back gets what it had lost, and no entry is lost or made twice", async () => {
  const world = await meshOf(3);
  for (let i = 0; i < 10; i++) await write(world, 2, `mine ${i}`);
  await settled(world);
  const box = boxAt(world, 2);
  box.kill({ reset: true });
  world.damage(box, () => box.disk.current.crash({ loseBatches: 5 }));
  await world.finish(box.start());
  await settled(world);
  expect(has(world, 2, "mine 9")).toBe(true);
  expect(world.destroyed.size).toBe(0);
});

test("a write waits for the boxes in reach, and no longer than it should for one that is silent", async () => {
  const world = await meshOf(3, { ack: "reachable" });
  await write(world, 0, "one");
  expect([has(world, 1, "one"), has(world, 2, "one")]).toEqual([true, true]);
  boxAt(world, 2).pause(true);
  const before = world.clock.nowMs;
  await write(world, 0, "two");
  expect(has(world, 1, "two")).toBe(true);
  expect(world.clock.nowMs - before).toBeGreaterThan(ACK_WAIT_MS - 1);
  expect(world.clock.nowMs - before).toBeLessThan(ACK_WAIT_MS + 50);
});

test("a box knows whether it lacks what others have said they have", async () => {
  const world = await meshOf(2);
  const [a, b] = [boxAt(world, 0), boxAt(world, 1)];
  expect(b.node?.replicator.isCaughtUp()).toBe(true);
  b.disk.isFull = true;
  await write(world, 0, "one");
  await world.clock.run(world.clock.nowMs + 100);
  expect(b.node?.replicator.isCaughtUp()).toBe(false);
  expect(a.node?.replicator.lags().get(b.id)).toBe(1);
  b.disk.isFull = false;
  await settled(world);
  expect(b.node?.replicator.isCaughtUp()).toBe(true);
});
