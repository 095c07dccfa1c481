import { execFileSync } from "node:child_process";
import {
  closeSync,
  mkdirSync,
  openSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

const MIB = 2 ** 20;
/** The first that does not fit ends the filling, bytes. */
const FILL_STEPS = [MIB, 4096, 1];

function run(program: string, ...args: readonly string[]): void {
  execFileSync(program, args, { stdio: "pipe" });
}

/** Why this machine can mount no disks; nothing when it can. `place`: a folder for the trial. */
export function whyNoDisks(place: string): string | undefined {
  if (process.getuid?.() !== 0) return "only root may mount disks";
  const path = join(place, "trial");
  try {
    mkdirSync(path);
    run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", path);
    run("umount", path);
    return undefined;
  } catch (error) {
    return `this machine mounts no disks: ${(error as Error).message}`;
  }
}

/** A disk of its own at a folder, in memory, that can be filled. */
export class SmallDisk {
  readonly path: string;

  constructor(path: string, sizeMib: number) {
    this.path = path;
    mkdirSync(path, { recursive: true });
    run("mount", "-t", "tmpfs", "-o", `size=${sizeMib}m,mode=700`, "tmpfs", path);
  }

  /** Leaves no byte free. */
  fill(): void {
    const file = openSync(join(this.path, "filler"), "a");
    for (const step of FILL_STEPS) {
      try {
        for (;;) writeSync(file, Buffer.alloc(step, 1));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      }
    }
    closeSync(file);
  }

  makeRoom(): void {
    rmSync(join(this.path, "filler"), { force: true });
  }

  unmount(): void {
    run("umount", "-l", this.path);
  }
}

/** A disk in a file, with a real file system, that can fail as a worn card does. */
export class CardDisk {
  readonly path: string;
  readonly #image: string;

  constructor(path: string, image: string, sizeMib: number) {
    this.path = path;
    this.#image = image;
    writeFileSync(image, "");
    truncateSync(image, sizeMib * MIB);
    run("mkfs.ext4", "-q", "-F", "-e", "remount-ro", image);
    mkdirSync(path, { recursive: true });
    this.mount();
  }

  mount(): void {
    run("mount", "-o", "loop,errors=remount-ro", this.#image, this.path);
  }

  /** The kernel finds an error in the file system, and takes no more writes. */
  fail(): void {
    const device = execFileSync("findmnt", ["-n", "-o", "SOURCE", this.path]).toString().trim();
    const name = device.slice(device.lastIndexOf("/") + 1);
    writeFileSync(`/sys/fs/ext4/${name}/trigger_fs_error`, "the card is worn");
  }

  /** What the owner does: checks the file system and mounts it again. */
  mend(): void {
    run("umount", this.path);
    try {
      run("e2fsck", "-p", "-f", this.#image);
    } catch (error) {
      // 1: errors were found and corrected.
      if ((error as { status?: number }).status !== 1) throw error;
    }
    this.mount();
  }

  unmount(): void {
    run("umount", "-l", this.path);
  }
}
