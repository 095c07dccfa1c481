import { execFileSync } from "node:child_process";
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { cpus, loadavg, release, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { median } from "./figures.ts";

/** Where and on what the figures were measured: without it they mean nothing. */
export interface Machine {
  readonly commit: string;
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGib: number;
  readonly system: string;
  readonly node: string;
  /** Processes that wanted a core during the minute before: above 0 others were measured along. */
  readonly loadBefore: number;
  /** Median time of a small synced write where the boxes have their homes, milliseconds. */
  readonly syncedWriteMs: number;
}

const BYTES_PER_GIB = 1024 ** 3;
const SYNCED_WRITES = 100;
const SYNCED_WRITE_BYTES = 4096;

export function describeMachine(): Machine {
  const processors = cpus();
  return {
    commit: commit(),
    date: new Date().toISOString(),
    cpu: processors[0]?.model.trim() ?? "unknown",
    cores: processors.length,
    memoryGib: Math.round(totalmem() / BYTES_PER_GIB),
    system: `${process.platform} ${release()} ${process.arch}`,
    node: process.version,
    loadBefore: Math.round((loadavg()[0] ?? 0) * 10) / 10,
    syncedWriteMs: Math.round(timeSyncedWrite() * 100) / 100,
  };
}

function timeSyncedWrite(): number {
  const folder = mkdtempSync(join(tmpdir(), "hearth-bench-"));
  const file = openSync(join(folder, "log"), "w");
  const times = Array.from({ length: SYNCED_WRITES }, () => {
    const start = performance.now();
    writeSync(file, Buffer.alloc(SYNCED_WRITE_BYTES, 1));
    fdatasyncSync(file);
    return performance.now() - start;
  });
  closeSync(file);
  rmSync(folder, { recursive: true });
  return median(times);
}

function commit(): string {
  try {
    const args = ["describe", "--always", "--dirty", "--exclude=*"];
    return execFileSync("git", args, { encoding: "utf8", stdio: "pipe" }).trim();
  } catch {
    return "uncommitted";
  }
}
