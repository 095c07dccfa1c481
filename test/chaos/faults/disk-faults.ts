import { readdirSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { pause } from "../../e2e/support/box-process.ts";
import { DAMAGE } from "../../e2e/support/damage.ts";
import type { Prng } from "../../simulation/prng.ts";
import type { Machine } from "../machine.ts";
import { slowDown } from "../slow-disk.ts";
import type { Run } from "./fault.ts";
import { fault, faultOfOne, lasting, othersOf } from "./fault.ts";

/** Does something to the store of a box whose data is all on the others, and lets them repair it. */
async function damage(run: Run, machine: Machine, harm: () => Promise<void>): Promise<void> {
  await run.workload.avoid(machine);
  try {
    await machine.cutPower();
    await harm();
    await machine.powerOn();
  } finally {
    machine.isAvoided = false;
  }
}

export const corrupt = faultOfOne({
  name: "corrupt",
  about: "a file of a box's store is cut, zeroed, flipped or deleted while the box is off",
  isAlone: true,
  async strikeAt(machine, run, { prng }) {
    await damage(run, machine, async () => {
      const done = spoil(join(machine.box.home, "store"), prng);
      run.timeline.note(`corrupt: ${machine.name}: ${done}`);
    });
  },
});

export const gone = faultOfOne({
  name: "gone",
  about: "the data folder of a box is gone while the box is off",
  isAlone: true,
  async strikeAt(machine, run) {
    run.timeline.note(`gone: the store of ${machine.name}`);
    await damage(run, machine, () => rm(join(machine.box.home, "store"), { recursive: true }));
  },
});

export const replace = faultOfOne({
  name: "replace",
  about: "a box is dead for good: it is removed, and a new one is invited in its place",
  isAlone: true,
  async strikeAt(machine, run, { prng }) {
    const [host] = othersOf(run, machine);
    if (!host) return;
    const old = machine.box;
    const name = `${machine.name}-${prng.whole(1000, 9999)}`;
    run.timeline.note(`replace: ${old.name} by ${name}`);
    await damage(run, machine, async () => {
      await host.box.control("box.remove", { box: old.name, force: false });
      await machine.emptyHome();
      machine.box = await run.mesh.replaceBox(old, name, host.box);
    });
  },
});

export const full = fault({
  name: "full",
  about: "the disk of a box is full, then has room again",
  needs: ["small disk"],
  isAlone: true,
  async strike(run, draw) {
    const { machine, disk } = machineWith(run, "smallDisk");
    run.timeline.note(`full: the disk of ${machine.name} ${lasting(draw)}`);
    await disk.fill();
    await pause(draw.seconds * 1000);
    await expectReads(run, machine, "its disk is full");
    disk.makeRoom();
    await machine.untilServing();
  },
});

export const readOnly = fault({
  name: "read-only",
  about: "a box boots on a disk that takes no writes, which is mended later",
  needs: ["small disk"],
  isAlone: true,
  async strike(run, draw) {
    const { machine, disk } = machineWith(run, "smallDisk");
    run.timeline.note(`read-only: the disk of ${machine.name} ${lasting(draw)}`);
    await machine.cutPower();
    machine.mayEnd = true;
    try {
      disk.remount("ro");
      machine.switchOn();
      await pause(draw.seconds * 1000);
      disk.remount("rw");
      // Whatever it did without a disk, nobody has to help it now.
      await machine.untilServing();
    } finally {
      machine.mayEnd = false;
    }
  },
});

export const worn = fault({
  name: "worn",
  about: "the disk of a box that runs turns read-only as a worn card does; later it is checked",
  needs: ["card"],
  isAlone: true,
  async strike(run, draw) {
    const { machine, disk } = machineWith(run, "card");
    const isPulled = draw.prng.chance(0.5);
    const end = isPulled ? "its power is cut" : "it is stopped";
    run.timeline.note(`worn: the disk of ${machine.name} ${lasting(draw)}, then ${end}`);
    disk.fail();
    await pause(draw.seconds * 1000);
    await expectReads(run, machine, "its disk is read-only");
    if (isPulled) await machine.cutPower();
    else await machine.stop();
    disk.mend();
    await machine.powerOn();
  },
});

export const slowDisk = faultOfOne({
  name: "slow-disk",
  about: "each sync of a box's disk takes half a second, some hundred times what it should",
  needs: ["slow disk"],
  async strikeAt(machine, run, draw) {
    const slow = await slowDown(machine.box);
    await pause(draw.seconds * 1000);
    const syncs = await slow.end();
    run.timeline.note(`slow-disk: ${machine.name} waited for ${syncs} syncs ${lasting(draw)}`);
  },
});

/** The machine that has such a disk. */
function machineWith<Kind extends "smallDisk" | "card">(
  { machines }: Run,
  kind: Kind,
): { readonly machine: Machine; readonly disk: NonNullable<Machine[Kind]> } {
  for (const machine of machines) {
    const disk = machine[kind];
    if (disk) return { machine, disk };
  }
  throw new Error("no box has such a disk");
}

/** What is there can be read though nothing can be written. */
async function expectReads(run: Run, machine: Machine, when: string): Promise<void> {
  if (await run.workload.isReadable(machine)) return;
  run.incident(`${machine.name} reads nothing when ${when}`);
}

/** Returns what was done to which file. */
function spoil(store: string, prng: Prng): string {
  const files = readdirSync(store).filter((name) => statSync(join(store, name)).isFile());
  const filled = files.filter((name) => statSync(join(store, name)).size > 0);
  // Files of tables are many: those that say which ones count shall be hit as often.
  const special = filled.filter((name) => /^(CURRENT|MANIFEST|.*\.log)/.test(name));
  const name = prng.chance(0.5) && special.length > 0 ? prng.pick(special) : prng.pick(filled);
  const file = join(store, name);
  const { size } = statSync(file);
  const at = prng.whole(0, size - 1);
  const how = prng.pick(Object.keys(DAMAGE) as (keyof typeof DAMAGE)[]);
  DAMAGE[how](file, at);
  return `${name} of ${size} bytes ${how} at ${at}`;
}
