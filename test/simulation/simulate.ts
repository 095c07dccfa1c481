import type { EffectLane } from "../../core/ports.ts";
import type { Services } from "../../core/services.ts";
import { Cast } from "./cast.ts";
import { checkClients } from "./client-checks.ts";
import type { Tamper } from "./device-view.ts";
import { checkEffects, finishEffects } from "./effect-checks.ts";
import { askForEffects } from "./effect-sink.ts";
import { Faults } from "./faults.ts";
import { checkJournals } from "./journal-checks.ts";
import { checkMedia, finishMedia } from "./media.ts";
import { Model } from "./model.ts";
import type { SimOptions } from "./options.ts";
import { checkRooms } from "./room-checks.ts";
import { checkDocuments, checkTables } from "./state-checks.ts";
import { checkSessions, finishSessions } from "./sessions.ts";
import { Workload } from "./workload.ts";
import { World } from "./world.ts";
import type { Violation } from "./world.ts";

/** After healing all boxes are equal within this long, milliseconds. */
const CONVERGENCE_MS = 60_000;
/** The phase in which anything may fail is longer than drawn by so much at most, milliseconds. */
const LONGER_MS_MAX = 10 * 60_000;
/** Earlier lives are closed and clients have asked for what they missed. */
const CALM_MS = 12_000;

export interface SimResult {
  readonly seed: string;
  /** The same for each run of a seed. */
  readonly hash: string;
  readonly violations: readonly Violation[];
  readonly options: SimOptions;
  readonly faults: Readonly<Record<string, number>>;
  readonly requests: Readonly<Record<string, number>>;
  /** Times that a box died, and how it was at that. */
  readonly deaths: Readonly<Record<string, number>>;
  /** Requests that reached a box, each try and each sync counted. */
  readonly operations: number;
  /** Simulated events. */
  readonly events: number;
  /** Simulated milliseconds from the first start to the last check. */
  readonly simulatedMs: number;
  /** Simulated milliseconds from healing to equal boxes. */
  readonly convergedMs: number;
  readonly trace: readonly string[];
}

/** A deliberate fault, to prove that a check can fire. */
export interface Canary {
  readonly options?: Partial<SimOptions>;
  /** Changes the responses to `/sync`. */
  readonly tamper?: Tamper;
  /** Changes what a box offers its clients. */
  readonly sabotage?: (services: Services) => Services;
  /** Changes what boxes do outside of the mesh. */
  readonly effects?: (lane: EffectLane) => EffectLane;
  /** Called when the boxes run and the people are there. */
  readonly spoil?: (world: World, model: Model, cast: Cast) => void;
  /** Called just before the checks. */
  readonly forge?: (world: World, model: Model, cast: Cast) => void;
}

/** Runs one seed: people talk while everything may fail, then all is repaired and must be right. */
export async function simulate(
  seed: string,
  canary: Canary = {},
  keepTrace = false,
): Promise<SimResult> {
  const world = new World(seed, canary.options, keepTrace, canary.sabotage);
  const model = new Model();
  if (canary.effects) world.sink.sabotage = canary.effects;
  let convergedMs = Number.NaN;
  try {
    const cast = new Cast(world, canary.tamper);
    await setUp(world, model, cast);
    canary.spoil?.(world, model, cast);
    const faults = new Faults(world);
    new Workload(world, model, cast).start();
    faults.start();
    const untilMs = world.clock.nowMs + world.options.safetyMs;
    await world.clock.run(untilMs);
    await world.clock.run(untilMs + LONGER_MS_MAX, () => world.hasHadEnough);
    faults.heal();
    convergedMs = await converge(world);
    await finishEffects(world);
    await finishMedia(world, model);
    await finishSessions(world, model);
    await endAll(world, model, cast);
    canary.forge?.(world, model, cast);
    const journal = checkJournals(world);
    checkTables(world);
    checkDocuments(world);
    checkEffects(world, cast);
    checkMedia(world, model);
    await checkRooms(world, model, journal);
    await checkSessions(world, model);
    await checkClients(world, model, cast);
  } catch (error) {
    world.violate(
      "errors",
      error instanceof Error ? (error.stack ?? error.message) : String(error),
    );
  } finally {
    for (const box of world.boxes) if (!box.isOff) box.kill({ reset: true });
  }
  const { options, faults, requests, deaths, clock, trace } = world;
  return {
    seed,
    hash: trace.digest(),
    violations: world.violations,
    options,
    faults,
    requests,
    deaths,
    operations: world.operations,
    events: clock.events,
    simulatedMs: clock.nowMs,
    convergedMs,
    trace: trace.lines,
  };
}

/** Boxes that know each other, people with rooms, and everybody told of everything. */
export async function setUp(world: World, model: Model, cast: Cast): Promise<void> {
  await world.open();
  const services = world.boxes[0]?.services;
  if (!services) throw new Error("the first box does not serve");
  await world.finish(askForEffects(services));
  await world.finish(cast.assemble(services, model));
  if (!(await world.clock.run(world.clock.nowMs + CONVERGENCE_MS, () => world.hasConverged))) {
    throw new Error("the boxes were not equal before anything went wrong");
  }
  for (const view of model.views) {
    while ((await world.finish(view.sync(0, world.boxes[0]))) === "lost");
  }
}

async function converge(world: World): Promise<number> {
  const { clock, boxes, owner } = world;
  const fromMs = clock.nowMs;
  const untilMs = fromMs + CONVERGENCE_MS;
  await clock.run(untilMs, () => boxes.every(({ node }) => node));
  // Members of whom the boxes learn only now are started as well, and catch up in the same time.
  for (let count = 0; count < world.members.length;) {
    count = world.members.length;
    await clock.run(untilMs, () => world.hasConverged || owner.hasToSwitchOff);
    owner.switchOffRemoved();
    await clock.run(untilMs, () => world.hasConverged);
    await world.finish(owner.installExpected());
  }
  if (!world.hasConverged && (owner.replaceApart() || owner.takeForgotten()) > 0) {
    await clock.run(clock.nowMs + CONVERGENCE_MS, () => world.hasConverged);
  }
  if (!world.hasConverged) {
    const states = boxes.map(({ id, node }) => `${id}: ${JSON.stringify(node?.ledger.vector)}`);
    world.violate("convergence", `not equal after ${CONVERGENCE_MS} ms: ${states.join("; ")}`);
  }
  return clock.nowMs - fromMs;
}

/** Every device asks every box once more, until nobody has news; then the boxes settle. */
async function endAll(world: World, model: Model, cast: Cast): Promise<void> {
  const { clock, boxes } = world;
  await clock.run(clock.nowMs + CALM_MS);
  for (let round = 0; round < 3; round++) {
    for (const view of model.views) {
      for (const box of boxes) {
        const answer = await world.finish(view.sync(0, box));
        if (answer === "lost")
          world.violate("convergence", `${view.client.name} got no answer of ${box.id}`);
        const isLast = round === 2 && cast.stable.includes(view);
        if (isLast && answer === "news") {
          world.violate("sync", `${view.client.name} does not come to an end with its news`);
        }
      }
    }
    await clock.run(clock.nowMs + CALM_MS / 4);
  }
  await clock.run(clock.nowMs + CALM_MS);
  if (!world.hasConverged) world.violate("convergence", "the boxes do not stay equal");
  for (const { id, node } of boxes) {
    for (const [origin, reason] of node?.replicator.refused() ?? []) {
      world.violate("convergence", `${id} refuses ${origin}: ${reason}`);
    }
  }
}
