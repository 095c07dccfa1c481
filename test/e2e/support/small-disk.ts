import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";

const MIB = 2 ** 20;
/** Room for a file system with a journal. */
const TRIAL_MIB = 16;
/** The first that does not fit ends the filling, bytes. */
const FILL_STEPS = [MIB, 4096, 1];

function run(program: string, ...args: readonly string[]): void {
  execFileSync(program, args, { stdio: "pipe" });
}

/** Why this machine can mount no small disks; nothing when it can. `place`: a folder for the trial. */
export function whyNoDisks(place: string): string | undefined {
  return whyNot(place, (path) => new SmallDisk(path, TRIAL_MIB).unmount());
}

/** As `whyNoDisks`, for cards. */
export function whyNoCards(place: string): string | undefined {
  return whyNot(place, (path) => {
    const card = new CardDisk(path, `${path}.img`, TRIAL_MIB);
    try {
      card.fail();
    } finally {
      card.unmount();
    }
  });
}

function whyNot(place: string, tryOne: (path: string) => void): string | undefined {
  if (process.getuid?.() !== 0) return "only root may mount disks";
  const folder = mkdtempSync(join(place, "trial-"));
  try {
    tryOne(join(folder, "disk"));
    return undefined;
  } catch (error) {
    return `this machine mounts none: ${(error as Error).message.trim().replaceAll("\n", "; ")}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
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
  async fill(): Promise<void> {
    const file = await open(this.#filler, "a");
    try {
      for (const step of FILL_STEPS) while (await hasRoom(file, Buffer.alloc(step, 1)));
    } finally {
      await file.close();
    }
  }

  makeRoom(): void {
    rmSync(this.#filler, { force: true });
  }

  /** Nothing may have a file open for writing when it becomes read-only. */
  remount(how: "ro" | "rw"): void {
    run("mount", "-o", `remount,${how}`, this.path);
  }

  unmount(): void {
    run("umount", "-l", this.path);
  }

  get #filler(): string {
    return join(this.path, "filler");
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

/** A disk in a file, with a real file system, that can fail as a worn card does. */
export class CardDisk {
  readonly path: string;
  readonly #image: string;
  #hasFailed = false;

  constructor(path: string, image: string, sizeMib: number) {
    this.path = path;
    this.#image = image;
    writeFileSync(image, "");
    truncateSync(image, sizeMib * MIB);
    run("mkfs.ext4", "-q", "-F", "-e", "remount-ro", image);
    mkdirSync(path, { recursive: true });
    this.#mount();
  }

  /** It takes no writes until it is mended. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** The kernel finds an error in the file system, and takes no more writes. */
  fail(): void {
    const device = execFileSync("findmnt", ["-n", "-o", "SOURCE", this.path]).toString().trim();
    const name = device.slice(device.lastIndexOf("/") + 1);
    writeFileSync(`/sys/fs/ext4/${name}/trigger_fs_error`, "the card is worn");
    this.#hasFailed = true;
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
    this.#mount();
    this.#hasFailed = false;
  }

  unmount(): void {
    run("umount", "-l", this.path);
  }

  #mount(): void {
    run("mount", "-o", "loop,errors=remount-ro", this.#image, this.path);
  }
}
