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

/**
 * Walks a storage path once, and then crashes it at each change of its disk, with every fate of what
 * was not synced. After each crash the box must start, have all that it promised, and go on.
 */
export async function sweep(path: StoragePath, options: SweepOptions): Promise<SweepResult> {
  const folder = workFolder();
  try {
    const home = join(folder, "home");
    mkdirSync(home);
    await path.prepare?.(home);
    const before = join(folder, "before");
    cpSync(home, before, { recursive: true });
    const ops = record(path.name, home, join(folder, "trace"));
    const every = options.every * (path.thin ?? 1);
    return await crashEverywhere(path, before, ops, join(folder, "left"), {
      ...options,
      every,
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function record(name: string, home: string, trace: string): DiskOp[] {
  const script = join(import.meta.dirname, "path-process.ts");
  const args = ["-f", "-qq", "-xx", "-y", "-s", String(TEXT_BYTES_MAX), "--seccomp-bpf"];
  args.push("-e", `trace=${TRACED_CALLS}`, "-o", trace);
  execFileSync("strace", [...args, process.execPath, script, name, home], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  return parseTrace(readFileSync(trace, "latin1"), home);
}

async function crashEverywhere(
  path: StoragePath,
  before: string,
  ops: readonly DiskOp[],
  left: string,
  { every, lying }: SweepOptions,
): Promise<SweepResult> {
  const disk = CrashDisk.of(before);
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
