import { expect, test } from "vitest";
import { VECTOR_INTERVAL_MS } from "../../../mesh/replica/constants.ts";
import {
  boxAt,
  checkDisk,
  countOf,
  cut,
  meshOf,
  settled,
  untilCut,
  write,
  writeMany,
  WRITES,
} from "./scarce-mesh.ts";

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
