import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { isObject } from "../../core/json.ts";
import type { Json } from "../../core/json.ts";
import type { Chunk } from "./range-worker.ts";
import { Tally } from "./tally.ts";

/** Seeds between two lines of progress, and those that are run again after a stop. */
const CHUNK_SEEDS = 50;

export interface Range {
  readonly from: number;
  readonly count: number;
  /** Threads that share the seeds. */
  readonly workers: number;
  /** A file that keeps what is done, so that a run which was stopped goes on where it was. */
  readonly log: string | undefined;
}

/** Runs many seeds; `told` hears of each chunk that is done. */
export async function runRange(range: Range, told: (part: Tally) => void): Promise<Tally> {
  const whole = new Tally();
  const done = readLog(range.log);
  const left: Chunk[] = [];
  for (const chunk of chunksOf(range)) {
    const known = done.get(nameOf(chunk));
    if (known) whole.merge(known);
    else left.push(chunk);
  }
  const work = async (): Promise<void> => {
    const worker = new Worker(new URL("./range-worker.ts", import.meta.url));
    for (let chunk = left.shift(); chunk; chunk = left.shift()) {
      worker.postMessage(chunk);
      const [text] = (await once(worker, "message").catch((cause: unknown) => {
        throw new Error(`a thread ended in the seeds ${nameOf(chunk)}`, { cause });
      })) as [string];
      const part = Tally.from(JSON.parse(text) as Json);
      if (range.log !== undefined) appendLog(range.log, chunk, part);
      whole.merge(part);
      told(part);
    }
    await worker.terminate();
  };
  await Promise.all(Array.from({ length: range.workers }, work));
  return whole;
}

function chunksOf({ from, count }: Range): Chunk[] {
  const chunks: Chunk[] = [];
  for (let at = from; at < from + count; at += CHUNK_SEEDS) {
    chunks.push({ from: at, count: Math.min(CHUNK_SEEDS, from + count - at) });
  }
  return chunks;
}

function nameOf({ from, count }: Chunk): string {
  return `${from}+${count}`;
}

function appendLog(file: string, chunk: Chunk, tally: Tally): void {
  appendFileSync(file, `${JSON.stringify({ chunk: nameOf(chunk), build: build(), tally })}\n`);
}

/** What a log holds, by chunk. Seeds that ran with other sources say nothing about these. */
function readLog(file: string | undefined): Map<string, Tally> {
  const done = new Map<string, Tally>();
  if (file === undefined || !existsSync(file)) return done;
  for (const line of readFileSync(file, "utf8").split("\n")) {
    const row = line === "" ? undefined : (JSON.parse(line) as Json);
    if (!isObject(row)) continue;
    if (row["build"] !== build()) {
      throw new Error(`${file} is of another build (${String(row["build"])}); begin a new file`);
    }
    done.set(String(row["chunk"]), Tally.from(row["tally"]));
  }
  return done;
}

let known: string | undefined;

/** Names the sources that decide what a seed does. */
export function build(): string {
  known ??= execFileSync("git", ["rev-parse", "HEAD:core", "HEAD:mesh", "HEAD:test/simulation"])
    .toString()
    .split("\n")
    .map((hash) => hash.slice(0, 8))
    .filter((hash) => hash !== "")
    .join("-");
  return known;
}
