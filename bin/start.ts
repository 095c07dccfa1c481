import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { lockHome } from "./home/lock.ts";
import { Cluster } from "./start/cluster.ts";
import type { StartOptions } from "./start/options.ts";
import { parseStartOptions, planBoxes } from "./start/options.ts";
import { renderRunning } from "./start/render.ts";

/** `npm start`: several boxes on this machine as one homeserver, until Ctrl-C. */
async function main(options: StartOptions): Promise<void> {
  const stopping = new AbortController();
  for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    process.on(name, () => stopping.abort());
  }
  mkdirSync(options.home, { recursive: true, mode: 0o700 });
  const lock = await lockHome(options.home, join(options.home, "start.pid"), "npm start");
  const cluster = new Cluster(options.serverName, planBoxes(options), say);
  try {
    await cluster.start(stopping.signal);
    const boxes = cluster.processes.map(({ plan, pid }) => ({ ...plan, pid }));
    say(renderRunning({ serverName: options.serverName, boxes, cwd: process.cwd() }));
    await aborted(stopping.signal);
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
  } finally {
    say("stopping the boxes");
    await cluster.stop();
    lock.release();
  }
  say("all boxes have stopped");
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true }),
  );
}

// A reader of the output that goes away must not take the boxes with it.
process.stdout.on("error", () => {});

try {
  await main(parseStartOptions(process.argv.slice(2)));
  process.exitCode = 0;
} catch (error) {
  process.stderr.write(`npm start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
