import { readFileSync } from "node:fs";
import { median } from "../figures.ts";
import { syncOnce } from "../../support/sync-once.ts";
import { openFamilyBox } from "./family-box.ts";
import type { Family } from "./family-plan.ts";
import { say } from "./live.ts";
import type { Probe } from "./verdict.ts";

/**
 * A process of its own that opens the home and does what clients do first, so that its memory is that
 * of a box that has just started. Prints what it measured as JSON.
 * Arguments: the home, and a file with the family.
 */
const MESSAGES = 40;

const [home = "", file = ""] = process.argv.slice(2);
const family = JSON.parse(readFileSync(file, "utf8")) as Family;
const here = await openFamilyBox(home, family.nowMs);
const { services } = here;
const [device] = family.devices;
const [room] = family.rooms;
if (!device || !room) throw new Error("there is no family");

const timed = async (run: () => Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await run();
  return performance.now() - began;
};
const initialSyncMs = await timed(() => syncOnce(services, device, undefined));
let token = family.tokens[0];
const sendMs: number[] = [];
const syncMs: number[] = [];
for (let i = 0; i < MESSAGES; i++) {
  sendMs.push(await timed(() => say(services, device, room, -1 - i - family.nowMs)));
  syncMs.push(
    await timed(async () => {
      token = String((await syncOnce(services, device, token))["next_batch"]);
    }),
  );
}
globalThis.gc?.();
const probe: Probe = {
  startMs: here.startMs,
  checkMs: here.checkMs,
  initialSyncMs,
  syncMs: median(syncMs),
  sendMs: median(sendMs),
  memoryBytes: process.memoryUsage.rss(),
  storeBytes: await here.store.sizeBytes(),
};
await here.stop();
process.stdout.write(`${JSON.stringify(probe)}\n`);
process.exit(0);
