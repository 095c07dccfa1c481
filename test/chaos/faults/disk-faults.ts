import {
  closeSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { open, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { pause } from "../../e2e/support/box-process.ts";
import type { Prng } from "../../simulation/prng.ts";
import type { Machine } from "../machine.ts";
import type { Fault, Run } from "./fault.ts";
import { othersOf, pickMachine } from "./fault.ts";

/** The unit in which flash storage loses data. */
const BLOCK_BYTES = 4096;
const MIB = 1024 * 1024;

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

export const corrupt: Fault = {
  name: "corrupt",
  about: "a file of a box's store is cut, zeroed, flipped or deleted while the box is off",
  needs: [],
  isAlone: true,
  lasts: 1,
  async strike(run, draw) {
    const machine = pickMachine(run, draw);
    await damage(run, machine, async () => {
      run.timeline.note(
        `corrupt: ${machine.name}: ${spoil(join(machine.box.home, "store"), draw.prng)}`,
      );
    });
  },
};

export const gone: Fault = {
  name: "gone",
  about: "the data folder of a box is gone while the box is off",
  needs: [],
  isAlone: true,
  lasts: 1,
  async strike(run, draw) {
    const machine = pickMachine(run, draw);
    run.timeline.note(`gone: the store of ${machine.name}`);
    await damage(run, machine, () => rm(join(machine.box.home, "store"), { recursive: true }));
  },
};

export const replace: Fault = {
  name: "replace",
  about: "a box is dead for good: it is removed, and a new one is invited in its place",
  needs: [],
  isAlone: true,
  lasts: 1,
  async strike(run, draw) {
    const machine = pickMachine(run, draw);
    const [host] = othersOf(run, machine);
    if (!host) return;
    const old = machine.box;
    const name = `${machine.name}-${draw.prng.whole(1000, 9999)}`;
    run.timeline.note(`replace: ${old.name} by ${name}`);
    await damage(run, machine, async () => {
      await host.box.control("box.remove", { box: old.name, force: false });
      await machine.emptyHome();
      machine.box = await run.mesh.replaceBox(old, name, host.box);
    });
  },
};

export const full: Fault = {
  name: "full",
  about: "the disk of a box is full, then has room again",
  needs: ["small disk"],
  isAlone: true,
  lasts: 1,
  async strike(run, { seconds }) {
    const machine = withSmallDisk(run);
    const { name, filler } = machine;
    run.timeline.note(`full: the disk of ${name} for ${seconds.toFixed(1)} s`);
    await fill(filler);
    await pause(seconds * 1000);
    // What is there can be read though nothing can be written.
    if (!(await run.workload.isReadable(machine))) run.incident(`${name} reads nothing when full`);
    await rm(filler, { force: true });
    await machine.untilServing();
  },
};

export const readOnly: Fault = {
  name: "read-only",
  about: "a box boots on a disk that takes no writes, which is mended later",
  needs: ["small disk"],
  isAlone: true,
  lasts: 1,
  async strike(run, { seconds }) {
    const machine = withSmallDisk(run);
    run.timeline.note(`read-only: the disk of ${machine.name} for ${seconds.toFixed(1)} s`);
    await machine.cutPower();
    machine.mayEnd = true;
    try {
      machine.remount("ro");
      machine.switchOn();
      await pause(seconds * 1000);
      machine.remount("rw");
      // Whatever it did without a disk, nobody has to help it now.
      await machine.untilServing();
    } finally {
      machine.mayEnd = false;
    }
  },
};

function withSmallDisk({ machines }: Run): Machine {
  const machine = machines.find(({ hasSmallDisk }) => hasSmallDisk);
  if (!machine) throw new Error("no box has a disk of its own");
  return machine;
}

/** Writes until nothing more goes in. */
async function fill(path: string): Promise<void> {
  const file = await open(path, "w");
  try {
    for (const bytes of [MIB, BLOCK_BYTES]) {
      while (await hasRoom(file, Buffer.alloc(bytes, 1)));
    }
  } finally {
    await file.close();
  }
}

async function hasRoom(file: FileHandle, bytes: Buffer): Promise<boolean> {
  try {
    const { bytesWritten } = await file.write(bytes);
    return bytesWritten === bytes.length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") return false;
    throw error;
  }
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
  const how = prng.pick(["cut", "zeroed", "flipped", "deleted"] as const);
  if (how === "deleted") rmSync(file);
  else if (how === "cut") truncateSync(file, at);
  else if (how === "zeroed") overwrite(file, at, Buffer.alloc(Math.min(BLOCK_BYTES, size - at)));
  else overwrite(file, at, Buffer.from([prng.whole(0, 255)]));
  return `${name} of ${size} bytes ${how} at ${at}`;
}

function overwrite(file: string, at: number, bytes: Buffer): void {
  const descriptor = openSync(file, "r+");
  writeSync(descriptor, bytes, 0, bytes.length, at);
  closeSync(descriptor);
}
