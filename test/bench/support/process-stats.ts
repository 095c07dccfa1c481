import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { BoxProcess } from "../../e2e/support/box-process.ts";

const BYTES_PER_KIB = 1024;
export const BYTES_PER_MIB = 1024 * 1024;
/** The kernel counts processor time in hundredths of a second. */
const TICKS_PER_SECOND = 100;

function pidOf(box: BoxProcess): number {
  if (box.pid === undefined) throw new Error(`${box.name} does not run`);
  return box.pid;
}

/** The number behind `name:` in a file of /proc. */
function field(file: string, name: string): number {
  const text = readFileSync(file, "utf8");
  const value = new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1];
  if (value === undefined) throw new Error(`${file} has no ${name}`);
  return Number(value);
}

export function residentBytes(box: BoxProcess): number {
  return field(`/proc/${pidOf(box)}/status`, "VmRSS") * BYTES_PER_KIB;
}

/** Bytes that the process made the kernel send to the disk. */
export function writtenBytes(box: BoxProcess): number {
  return field(`/proc/${pidOf(box)}/io`, "write_bytes");
}

export function processorSeconds(box: BoxProcess): number {
  const text = readFileSync(`/proc/${pidOf(box)}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

export function storeBytes(box: BoxProcess): number {
  const folder = join(box.home, "store");
  return readdirSync(folder).reduce((total, name) => total + sizeOf(join(folder, name)), 0);
}

/** Compaction deletes files at any time. */
function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
