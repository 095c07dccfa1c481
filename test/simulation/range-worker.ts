import { parentPort } from "node:worker_threads";
import { simulate } from "./simulate.ts";
import { Tally } from "./tally.ts";

/** Seeds that a thread runs before it tells what they came to. */
export interface Chunk {
  readonly from: number;
  readonly count: number;
}

export async function runChunk({ from, count }: Chunk): Promise<Tally> {
  const tally = new Tally();
  for (let seed = from; seed < from + count; seed++) tally.add(await simulate(String(seed)));
  return tally;
}

parentPort?.on("message", (chunk: Chunk) => {
  // A rejection ends the thread, which its parent notices.
  void runChunk(chunk).then((tally) => parentPort?.postMessage(JSON.stringify(tally)));
});
