import { expect } from "vitest";
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

export const SETTLE_MS = 60_000;
/** So little is kept that a short absence is a long one. */
export const SCARCE: JournalLimits = {
  keepEntries: 10,
  keepLength: 100_000,
  heldEntries: 30,
  heldLength: 100_000,
  lookMs: 10_000,
};
export const WRITES = 60;

export async function meshOf(boxes: number, options: Partial<SimOptions> = {}): Promise<World> {
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

export async function settled(world: World): Promise<void> {
  expect(await world.clock.run(world.clock.nowMs + SETTLE_MS, () => world.hasConverged)).toBe(true);
}

export function boxAt(world: World, index: number): SimBox {
  const box = world.boxes[index];
  if (!box) throw new Error(`there is no box ${index}`);
  return box;
}

export async function write(world: World, index: number, text: string): Promise<void> {
  await world.finish(boxAt(world, index).node?.runner.run(note, text));
}

export async function writeMany(world: World, index: number, text: string): Promise<void> {
  for (let i = 0; i < WRITES; i++) await write(world, index, `${text} ${i}`);
}

/** Which of the many are here. */
export function countOf(world: World, index: number, text: string): number {
  const reader = boxAt(world, index).services?.reader;
  const all = Array.from({ length: WRITES }, (_, i) => `${text} ${i}`);
  return all.filter((one) => reader?.get(fields, ["mesh", "notes", one]) === true).length;
}

export const entriesOn = (world: World, index: number): number =>
  boxAt(world, index).disk.journal().size;

/** Time enough to drop what may be dropped. */
export async function untilCut(world: World): Promise<void> {
  await world.clock.run(world.clock.nowMs + 30_000);
}

/** Of three boxes the last one was away until the others had dropped what it lacks; it went on, too. */
export async function awayForLong(): Promise<{ readonly world: World; readonly late: SimBox }> {
  const world = await meshOf(3);
  const late = boxAt(world, 2);
  for (const other of [0, 1]) cut(world, boxAt(world, other), late);
  await world.clock.run(world.clock.nowMs + 20_000);
  await writeMany(world, 0, "left");
  for (let i = 0; i < 5; i++) await write(world, 2, `right ${i}`);
  await untilCut(world);
  return { world, late };
}

export function cut(world: World, a: SimBox, b: SimBox): void {
  world.network.block(a.id, b.id);
  world.network.block(b.id, a.id);
}

export async function checkDisk(box: SimBox): Promise<string | undefined> {
  const copy = box.disk.current.clone();
  if (!copy.entries.has(STORE_ID_KEY)) copy.write([{ type: "put", key: STORE_ID_KEY, value: "x" }]);
  return checkJournal(new MemoryStore(copy));
}
