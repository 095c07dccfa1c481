import { Cast } from "./cast.ts";
import { checkJournals } from "./journal-checks.ts";
import { Model } from "./model.ts";
import { FAIR, REAL_LIMITS } from "./options.ts";
import type { SimOptions } from "./options.ts";
import type { SimBox } from "./sim-box.ts";
import { setUp } from "./simulate.ts";
import { SimClock } from "./sim-clock.ts";
import { checkDocuments, checkTables } from "./state-checks.ts";
import { Workload } from "./workload.ts";
import { World } from "./world.ts";

/** A family of five on three boxes, one of which is cut off. */
const FAMILY: Partial<SimOptions> = {
  boxes: 3,
  stable: 5,
  churning: 0,
  rooms: 5,
  ack: "reachable",
  roomVersion: "12",
  faults: {},
  weather: FAIR,
  responsesLost: 0,
  hops: 0.1,
  clockOffsetsMs: [0, 0, 0],
  ...REAL_LIMITS,
};
/** What a family asks for when nobody manages rooms. */
const ACTS = {
  send: 60,
  receipt: 12,
  direct: 16,
  accountData: 2,
  topic: 1,
  redact: 1,
  uploadKeys: 4,
  claim: 4,
};
/** A box that does not answer is tried again this often after a while, milliseconds. */
const APART_REDIAL_MS: readonly [number, number] = [30_000, 60_000];
/** A month of pulses and dials; beyond it something turns in circles. */
const EVENTS_MAX = 50_000_000;
const CONVERGENCE_MS_MAX = 3_600_000;

export interface Apart {
  readonly apartMs: number;
  /** Made on both sides meanwhile. */
  readonly requests: number;
}

export interface Together extends Apart {
  /** Simulated, from the first link that is up again. */
  readonly equalAfterMs: number;
  /** What that cost this machine, for all boxes, milliseconds. */
  readonly processorMs: number;
}

/** One of three boxes is cut off while people write on both sides; then the network is whole again. */
export async function apart({ apartMs, requests }: Apart): Promise<Together> {
  const clock = new SimClock(EVENTS_MAX);
  const world = new World("apart", FAMILY, false, undefined, clock);
  const model = new Model();
  const cast = new Cast(world, undefined);
  await setUp(world, model, cast);
  const { boxes, network } = world;
  const [lonely] = boxes.slice(2);
  if (!lonely) throw new Error("there are three boxes");
  for (const other of boxes.slice(0, 2)) {
    network.block(lonely.id, other.id);
    network.block(other.id, lonely.id);
  }
  network.weather = { ...FAIR, redialMs: APART_REDIAL_MS };
  cast.stable.forEach(({ client }, i) => {
    client.reaches = i % 3 === 2 ? [lonely] : boxes.slice(0, 2);
  });
  const workload = new Workload(world, model, cast, ACTS);
  for (let i = 0; i < requests; i++) {
    await clock.run(clock.nowMs + apartMs / requests);
    const view = world.prng.pick(cast.stable);
    await world.finish(workload.act(view));
    await world.finish(view.sync(0, world.prng.pick(view.client.reaches ?? boxes)));
  }
  network.weather = FAIR;
  network.heal();
  await clock.run(clock.nowMs + CONVERGENCE_MS_MAX, () => hasLinks(lonely));
  const fromMs = clock.nowMs;
  const before = process.cpuUsage();
  const isEqual = await clock.run(fromMs + CONVERGENCE_MS_MAX, () => world.hasConverged);
  const { user, system } = process.cpuUsage(before);
  const equalAfterMs = clock.nowMs - fromMs;
  if (!isEqual) world.violate("convergence", "the boxes did not become equal");
  checkJournals(world);
  checkTables(world);
  checkDocuments(world);
  for (const box of boxes) box.kill({ reset: true });
  const [violation] = world.violations;
  if (violation) throw new Error(`${violation.rule}: ${violation.what}`);
  return { apartMs, requests, equalAfterMs, processorMs: (user + system) / 1000 };
}

function hasLinks({ node }: SimBox): boolean {
  return node !== undefined && node.replicator.lags().size > 0;
}
