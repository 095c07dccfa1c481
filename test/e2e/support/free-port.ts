import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/** Below what Linux gives to outgoing connections: none of those takes a port before its box does, or while that is off. */
const FIRST = 20_000;
/** Each of the processes that run tests at the same time takes its own. */
const SLICES = 8;
const PORTS_PER_SLICE = 1_500;
const TRIES_MAX = 100;

const slice = FIRST + (Number(process.env["VITEST_POOL_ID"] ?? 0) % SLICES) * PORTS_PER_SLICE;
let next = randomInt(PORTS_PER_SLICE);

/** A port of the loopback that nobody has, and that this process has not given out lately. */
export async function freePort(): Promise<number> {
  for (let left = TRIES_MAX; left > 0; left--) {
    const port = slice + (next++ % PORTS_PER_SLICE);
    if (await isFree(port)) return port;
  }
  throw new Error(`none of ${TRIES_MAX} ports is free`);
}

export async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, "127.0.0.1"), "listening");
  } catch {
    return false;
  }
  server.close();
  await once(server, "close");
  return true;
}
