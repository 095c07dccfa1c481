import { expect, test } from "vitest";
import {
  awayForLong,
  boxAt,
  checkDisk,
  countOf,
  cut,
  entriesOn,
  meshOf,
  SCARCE,
  SETTLE_MS,
  settled,
  untilCut,
  write,
  writeMany,
  WRITES,
} from "./scarce-mesh.ts";

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
  await world.finish(world.owner.introduce(boxAt(world, 0)));
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

test("where the box that is copied goes dark, another one is copied at once", async () => {
  const { world, late } = await awayForLong();
  world.network.heal();
  const source = () => late.node?.renewal.report()?.from;
  const within = (ms: number, what: () => boolean) => world.clock.run(world.clock.nowMs + ms, what);
  expect(await within(60_000, () => source() !== undefined)).toBe(true);
  const first = source();
  const gone = world.boxes.find(({ id }) => id === first);
  gone?.kill({ reset: true });
  expect(await within(120_000, () => source() === undefined)).toBe(true);
  expect(await within(5000, () => source() !== undefined)).toBe(true);
  expect(source()).not.toBe(first);
  if (gone) await world.finish(gone.start());
  await settled(world);
  expect(countOf(world, 2, "left")).toBe(WRITES);
});
