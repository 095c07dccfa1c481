import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CrashDisk, FATES } from "./crash-disk.ts";
import type { Fate } from "./crash-disk.ts";
import { parseTrace, TRACED_CALLS } from "./disk-op.ts";
import type { DiskOp } from "./disk-op.ts";
import type { Promised, StoragePath } from "./storage-path.ts";
import { faultsAfterCrash } from "./recovery.ts";

/** Longest text that strace writes down, bytes: more than any write of a path. */
const TEXT_BYTES_MAX = 16 * 2 ** 20;

/** Why this machine cannot trace a process; nothing when it can. */
export function whyNoTrace(): string | undefined {
  const { error, status, stderr } = spawnSync("strace", ["-qq", "-e", "trace=none", "true"]);
  if (error) return "strace is not installed";
  return status === 0 ? undefined : `strace cannot trace here: ${stderr.toString().trim()}`;
}

export interface SweepOptions {
  /** Of so many crashes one is tried; 1 for all. No multiple of the number of fates. */
  readonly every: number;
  /** A disk that says it has synced these files and has not, to prove that the sweep would see it. */
  readonly lying?: RegExp;
  /** The sweep ends with a fault like this. */
  readonly until?: RegExp;
}

export interface SweepResult {
  readonly path: string;
  /** Moments between two changes of the disk. */
  readonly moments: number;
  /** States that crashes left, each opened and checked; equal ones count once. */
  readonly crashes: number;
  readonly faults: readonly string[];
}

/** In memory where the machine allows: what is synced there is synced at once. */
function workFolder(): string {
  const root = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  return realpathSync(mkdtempSync(join(root, "hearth-crash-")));
}

/** A storage path as it was walked once. */
export class Recording {
  readonly path: StoragePath;
  readonly ops: readonly DiskOp[];
  readonly #folder: string;

  private constructor(path: StoragePath, ops: readonly DiskOp[], folder: string) {
    this.path = path;
    this.ops = ops;
    this.#folder = folder;
  }

  static async make(path: StoragePath): Promise<Recording> {
    const folder = workFolder();
    const home = join(folder, "home");
    mkdirSync(home);
    await path.prepare?.(home);
    cpSync(home, join(folder, "before"), { recursive: true });
    return new Recording(path, trace(path.name, home, join(folder, "trace")), folder);
  }

  /** The disk as it was before. */
  disk(): CrashDisk {
    return CrashDisk.of(join(this.#folder, "before"));
  }

  /** Where a crash may leave something. */
  get left(): string {
    return join(this.#folder, "left");
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}

/**
 * Crashes a storage path at each change of its disk, with every fate of what was not synced. After each
 * crash the box must start, have all that it promised, and go on.
 */
export function sweep(recording: Recording, options: SweepOptions): Promise<SweepResult> {
  const every = options.every * (recording.path.thin ?? 1);
  return crashEverywhere(recording, { ...options, every });
}

function trace(name: string, home: string, file: string): DiskOp[] {
  const script = join(import.meta.dirname, "path-process.ts");
  const args = ["-f", "-qq", "-xx", "-y", "-s", String(TEXT_BYTES_MAX), "--seccomp-bpf"];
  args.push("-e", `trace=${TRACED_CALLS}`, "-o", file);
  execFileSync("strace", [...args, process.execPath, script, name, home], {
    stdio: ["ignore", "pipe", "inherit"],
    // Every path loads the same modules.
    env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), "node-compile-cache") },
  });
  return parseTrace(readFileSync(file, "latin1"), home);
}

async function crashEverywhere(
  recording: Recording,
  { every, lying, until }: SweepOptions,
): Promise<SweepResult> {
  const { path, ops, left } = recording;
  const disk = recording.disk();
  const promised: Promised[] = [];
  const faults: string[] = [];
  const seen = new Set<string>();
  let [moments, crashes, turn] = [0, 0, 0];
  for (const [k, op] of ops.entries()) {
    if (op.kind === "said") promised.push(...promisesIn(op.text));
    if (op.kind === "sync" && lying?.test(op.path)) continue;
    if (!disk.apply(op)) continue;
    moments++;
    for (const [f, fate] of FATES.entries()) {
      if (turn++ % every !== 0) continue;
      mkdirSync(left);
      disk.leave(left, fate, randomOf(k * FATES.length + f));
      const state = `${digest(left)} ${promised.length}`;
      if (!seen.has(state)) {
        seen.add(state);
        crashes++;
        const found = await faultsAfterCrash(left, promised, path);
        faults.push(...found.map((fault) => `${at(k, op, fate)}: ${fault}`));
      }
      rmSync(left, { recursive: true });
      if (faults.some((fault) => until?.test(fault)))
        return { path: path.name, moments, crashes, faults };
    }
  }
  return { path: path.name, moments, crashes, faults };
}

function at(k: number, op: DiskOp, fate: Fate): string {
  return `crash after ${op.kind} ${"path" in op ? op.path : ""} (${k}), rest ${fate}`;
}

function promisesIn(text: string): Promised[] {
  const lines = text.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as Promised);
}

/** Numbers in [0, 1) that are the same each time. */
function randomOf(seed: number): () => number {
  let x = seed + 1;
  return () => {
    x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d) + 0x9e3779b9;
    return ((x ^ (x >>> 13)) >>> 0) / 2 ** 32;
  };
}

/** Tells one state of a folder from another. */
function digest(folder: string): string {
  const hash = createHash("sha256");
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const paths = entries.map(
    (entry) => [join(entry.parentPath, entry.name), entry.isFile()] as const,
  );
  for (const [path, isFile] of paths.toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${path}\n`);
    if (isFile) hash.update(readFileSync(path));
  }
  return hash.digest("hex");
}
