import { expect, test } from "vitest";
import { fields } from "../../../core/tables.ts";
import { checkJournal } from "../../../mesh/store/check-journal.ts";
import { MemoryStore } from "../../../mesh/store/memory-store.ts";
import { STORE_ID_KEY } from "../../../mesh/store/mesh-keys.ts";
import { VECTOR_INTERVAL_MS } from "../../../mesh/replica/constants.ts";
import type { JournalLimits } from "../../../mesh/replica/truncator.ts";
import type { SimBox } from "../../simulation/sim-box.ts";
import type { SimOptions } from "../../simulation/options.ts";
import { FAIR } from "../../simulation/options.ts";
import { World } from "../../simulation/world.ts";
import { note } from "../journal/open-ledger.ts";

const SETTLE_MS = 60_000;
/** So little is kept that a short absence is a long one. */
const SCARCE: JournalLimits = {
  keepEntries: 10,
  keepLength: 100_000,
  heldEntries: 30,
  heldLength: 100_000,
  lookMs: 10_000,
};
const WRITES = 60;

async function meshOf(boxes: number, options: Partial<SimOptions> = {}): Promise<World> {
  const world = new World("renewal", {
    boxes,
    faults: {},
    weather: FAIR,
    ack: "local",
    journal: SCARCE,
    ...options,
  });
  await world.open();
  await settled(world);
  // Until all have said what they have on disk: who goes dark before is waited for.
  await world.clock.run(world.clock.nowMs + VECTOR_INTERVAL_MS);
  return world;
}

async function settled(world: World): Promise<void> {
  expect(await world.clock.run(world.clock.nowMs + SETTLE_MS, () => world.hasConverged)).toBe(true);
}

function boxAt(world: World, index: number): SimBox {
  const box = world.boxes[index];
  if (!box) throw new Error(`there is no box ${index}`);
  return box;
}

async function write(world: World, index: number, text: string): Promise<void> {
  await world.finish(boxAt(world, index).node?.runner.run(note, text));
}

async function writeMany(world: World, index: number, text: string): Promise<void> {
  for (let i = 0; i < WRITES; i++) await write(world, index, `${text} ${i}`);
}

/** Which of the many are here. */
function countOf(world: World, index: number, text: string): number {
  const reader = boxAt(world, index).services?.reader;
  const all = Array.from({ length: WRITES }, (_, i) => `${text} ${i}`);
  return all.filter((one) => reader?.get(fields, ["mesh", "notes", one]) === true).length;
}

const entriesOn = (world: World, index: number): number => boxAt(world, index).disk.journal().size;

/** Time enough to drop what may be dropped. */
async function untilCut(world: World): Promise<void> {
  await world.clock.run(world.clock.nowMs + 30_000);
}

/** Of three boxes the last one was away until the others had dropped what it lacks; it went on, too. */
async function awayForLong(): Promise<{ readonly world: World; readonly late: SimBox }> {
  const world = await meshOf(3);
  const late = boxAt(world, 2);
  for (const other of [0, 1]) cut(world, boxAt(world, other), late);
  await world.clock.run(world.clock.nowMs + 20_000);
  await writeMany(world, 0, "left");
  for (let i = 0; i < 5; i++) await write(world, 2, `right ${i}`);
  await untilCut(world);
  return { world, late };
}

test("what every box has is dropped, but for the newest entries", async () => {
  const world = await meshOf(3);
  await writeMany(world, 0, "note");
  await untilCut(world);
  await settled(world);
  for (const i of [0, 1, 2]) {
    expect(entriesOn(world, i)).toBeGreaterThanOrEqual(SCARCE.keepEntries);
    expect(entriesOn(world, i)).toBeLessThanOrEqual(SCARCE.keepEntries * 1.25);
    expect(countOf(world, i, "note")).toBe(WRITES);
    expect(await checkDisk(boxAt(world, i))).toBeUndefined();
  }
});

test("a box that is alone keeps its whole journal", async () => {
  const world = await meshOf(1);
  await writeMany(world, 0, "note");
  await untilCut(world);
  expect(entriesOn(world, 0)).toBeGreaterThan(WRITES);
});

test("what an absent box lacks is kept for it, and a short absence ends without a copy", async () => {
  const world = await meshOf(3, { journal: { ...SCARCE, heldEntries: 1000 } });
  boxAt(world, 2).kill({ reset: true });
  await writeMany(world, 0, "note");
  await untilCut(world);
  expect(entriesOn(world, 0)).toBeGreaterThanOrEqual(WRITES);
  const store = boxAt(world, 2).disk.current;
  await world.finish(boxAt(world, 2).start());
  await settled(world);
  expect(countOf(world, 2, "note")).toBe(WRITES);
  expect(boxAt(world, 2).disk.current).toBe(store);
  await untilCut(world);
  expect(entriesOn(world, 0)).toBeLessThanOrEqual(SCARCE.keepEntries * 1.25);
});

test("a box that was away for too long copies another one, and loses nothing that only it had", async () => {
  const { world, late } = await awayForLong();
  expect(entriesOn(world, 0)).toBeLessThan(WRITES);
  const store = late.disk.current;
  world.network.heal();
  await settled(world);
  await world.clock.run(world.clock.nowMs + 5000);
  await settled(world);
  expect(late.disk.current).not.toBe(store);
  expect([countOf(world, 2, "left"), countOf(world, 0, "right")]).toEqual([WRITES, 5]);
  expect(await checkDisk(late)).toBeUndefined();
  await write(world, 2, "and on");
  await settled(world);
});

test("of two sides that both went on for long, one at most drops what the other lacks", async () => {
  for (const [boxes, left] of [
    [2, 1],
    [4, 2],
    [5, 2],
  ] as const) {
    const world = await meshOf(boxes);
    const sides = [world.boxes.slice(0, left), world.boxes.slice(left)];
    for (const a of sides[0] ?? []) for (const b of sides[1] ?? []) cut(world, a, b);
    await world.clock.run(world.clock.nowMs + 20_000);
    await writeMany(world, 0, "left");
    await writeMany(world, boxes - 1, "right");
    await untilCut(world);
    world.network.heal();
    await settled(world);
    await world.clock.run(world.clock.nowMs + 5000);
    await settled(world);
    for (let i = 0; i < boxes; i++) {
      expect([countOf(world, i, "left"), countOf(world, i, "right")]).toEqual([WRITES, WRITES]);
    }
    expect(world.violations).toEqual([]);
  }
});

test("a new box, and one whose disk was lost, copy what nobody has as entries", async () => {
  const world = await meshOf(2);
  await writeMany(world, 0, "note");
  await untilCut(world);
  await world.finish(world.owner.introduce());
  await settled(world);
  expect(countOf(world, 2, "note")).toBe(WRITES);
  const lost = boxAt(world, 1);
  lost.kill({ reset: true });
  world.damage(lost, () => lost.disk.replace());
  await world.finish(lost.start());
  await settled(world);
  expect(countOf(world, 1, "note")).toBe(WRITES);
  expect(await checkDisk(lost)).toBeUndefined();
});

test("a crash at any write of the copy, and of the start on it, loses nothing", async () => {
  let crashes = 0;
  for (let target = 1; ; target++) {
    const { world, late } = await awayForLong();
    let writes = 0;
    let hasCrashed = false;
    late.disk.onWrite = () => {
      if (++writes !== target) return;
      hasCrashed = true;
      late.kill({ reset: true });
      late.disk.current.crash({ keepInFlight: target % 2 === 1 });
      world.clock.after(500, () => void late.start());
    };
    world.network.heal();
    await settled(world);
    await world.clock.run(world.clock.nowMs + 5000);
    await settled(world);
    expect([countOf(world, 2, "left"), countOf(world, 0, "right")]).toEqual([WRITES, 5]);
    expect(await checkDisk(late), `crashed at write ${target}`).toBeUndefined();
    expect(world.violations).toEqual([]);
    if (!hasCrashed || target > 60) break;
    crashes++;
  }
  expect(crashes).toBeGreaterThan(8);
}, 60_000);

test("a copy that is cut off again and again is gone on with", async () => {
  const world = await meshOf(3);
  const late = boxAt(world, 2);
  late.kill({ reset: true });
  await writeMany(world, 0, "note");
  await untilCut(world);
  await world.finish(late.start());
  for (let i = 0; i < 10; i++) {
    await world.clock.run(world.clock.nowMs + 1500);
    for (const other of [0, 1]) cut(world, boxAt(world, other), late);
    await world.clock.run(world.clock.nowMs + 100);
    world.network.heal();
  }
  await settled(world);
  expect(countOf(world, 2, "note")).toBe(WRITES);
});

test("a box that copies another one says so, refuses writes, and serves again afterwards", async () => {
  const world = await meshOf(3);
  const late = boxAt(world, 2);
  late.kill({ reset: true });
  await writeMany(world, 0, "note");
  await untilCut(world);
  late.disk.writeMs = [500, 1000];
  await world.finish(late.start());
  const isCopying = (): boolean => late.node?.renewal.report()?.phase === "copying";
  expect(await world.clock.run(world.clock.nowMs + SETTLE_MS, isCopying)).toBe(true);
  expect(late.node?.renewal.report()).toMatchObject({ from: expect.any(String) });
  await expect(write(world, 2, "refused")).rejects.toMatchObject({ status: 503 });
  await settled(world);
  expect(late.node?.renewal.report()).toBeUndefined();
  await write(world, 2, "taken");
  await settled(world);
});

test("while a box in reach can bring what is missing, nothing is copied", async () => {
  const world = await meshOf(3);
  const [one, two, late] = [boxAt(world, 0), boxAt(world, 1), boxAt(world, 2)];
  late.kill({ reset: true });
  await writeMany(world, 0, "note");
  // The second box goes away before it has cut its journal.
  two.kill({ reset: true });
  await untilCut(world);
  expect(entriesOn(world, 0)).toBeLessThan(WRITES);
  await world.finish(two.start());
  const store = late.disk.current;
  await world.finish(late.start());
  await settled(world);
  expect(late.disk.current).toBe(store);
  expect(one.node?.renewal.report()).toBeUndefined();
});

test("a rotten store is replaced by a copy though entries would do, and nothing of the box is lost", async () => {
  const world = await meshOf(3);
  await writeMany(world, 0, "note");
  const [one, two, rotten] = [boxAt(world, 0), boxAt(world, 1), boxAt(world, 2)];
  await settled(world);
  await world.clock.run(world.clock.nowMs + VECTOR_INTERVAL_MS);
  const store = rotten.disk.current;
  expect(rotten.node?.renewal.report()).toBeUndefined();
  const copying = rotten.node?.renewal.replaceRotten(one.id);
  expect(rotten.node?.renewal.report()).toMatchObject({ from: one.id });
  expect(await rotten.node?.renewal.replaceRotten(two.id)).toBe("a copy is being made");
  expect(await world.finish(copying)).toBeUndefined();
  await settled(world);
  await world.clock.run(world.clock.nowMs + 5000);
  await settled(world);
  expect(rotten.disk.current).not.toBe(store);
  expect(countOf(world, 2, "note")).toBe(WRITES);
  expect(await checkDisk(rotten)).toBeUndefined();
  await write(world, 2, "and on");
  await settled(world);
  expect(world.violations).toEqual([]);
});

test("a rotten store stays where it is as long as no other box has all of it", async () => {
  const world = await meshOf(3);
  const rotten = boxAt(world, 2);
  const others = [boxAt(world, 0), boxAt(world, 1)];
  for (const other of others) cut(world, other, rotten);
  await world.clock.run(world.clock.nowMs + 20_000);
  await write(world, 2, "only here");
  const store = rotten.disk.current;
  expect(await rotten.node?.renewal.replaceRotten(boxAt(world, 0).id)).toBe(
    "the other box lacks something",
  );
  await world.clock.run(world.clock.nowMs + 60_000);
  expect(rotten.disk.current).toBe(store);
  expect(rotten.node?.renewal.report()).toBeUndefined();
});

test("a box with a rotten store lets itself be copied only where there is no other one", async () => {
  const world = await meshOf(3);
  const late = boxAt(world, 2);
  late.kill({ reset: true });
  await writeMany(world, 0, "note");
  await untilCut(world);
  const [one, two] = [boxAt(world, 0), boxAt(world, 1)];
  one.node?.renewal.setRotten();
  expect(two.node?.renewal.copyRefusal(late.id)).toBeUndefined();
  expect(one.node?.renewal.copyRefusal(two.id)).toBeUndefined();
  expect(one.node?.renewal.copyRefusal(late.id)).toContain("rotted");
  await world.finish(late.start());
  await settled(world);
  await world.clock.run(world.clock.nowMs + 60_000);
  await settled(world);
  expect(countOf(world, 2, "note")).toBe(WRITES);
  expect(late.node?.renewal.report()).toBeUndefined();
});

function cut(world: World, a: SimBox, b: SimBox): void {
  world.network.block(a.id, b.id);
  world.network.block(b.id, a.id);
}

async function checkDisk(box: SimBox): Promise<string | undefined> {
  const copy = box.disk.current.clone();
  if (!copy.entries.has(STORE_ID_KEY)) copy.write([{ type: "put", key: STORE_ID_KEY, value: "x" }]);
  return checkJournal(new MemoryStore(copy));
}
