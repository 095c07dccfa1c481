import { execFileSync } from "node:child_process";
import {
  closeSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { pause } from "../../e2e/support/box-process.ts";
import type { Prng } from "../../simulation/prng.ts";
import type { Machine } from "../machine.ts";
import type { Fault, Run } from "./fault.ts";
import { othersOf, pickMachine } from "./fault.ts";

/** The unit in which flash storage loses data. */
const BLOCK_BYTES = 4096;
/** Of a full disk, so much is left at most. */
const LEFT_BYTES_MAX = 8192;

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
    const filler = machine.filler;
    run.timeline.note(`full: the disk of ${machine.name} for ${seconds.toFixed(1)} s`);
    await fill(machine.box.home, filler);
    await pause(seconds * 1000);
    await readsStill(run, machine);
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

async function fill(folder: string, file: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const bytes = bavail * bsize - LEFT_BYTES_MAX;
  if (bytes > 0) execFileSync("fallocate", ["--length", String(bytes), file]);
}

/** What is there can be read though nothing can be written. */
async function readsStill({ incident }: Run, machine: Machine): Promise<void> {
  if (!(await machine.box.answers())) incident(`${machine.name} answered nobody with a full disk`);
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
