import { execFileSync } from "node:child_process";
import { cpus, loadavg, release, totalmem } from "node:os";

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
}

const BYTES_PER_GIB = 1024 ** 3;

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
  };
}

function commit(): string {
  try {
    const args = ["describe", "--always", "--dirty", "--exclude=*"];
    return execFileSync("git", args, { encoding: "utf8", stdio: "pipe" }).trim();
  } catch {
    return "uncommitted";
  }
}
