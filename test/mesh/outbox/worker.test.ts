import { expect, test } from "vitest";
import type { EventId } from "../../../core/ids.ts";
import type { EffectLane } from "../../../core/ports.ts";
import type { Effect, HybridTime, SettledRecord } from "../../../core/transaction/records.ts";
import type { Origin } from "../../../core/vector.ts";
import { IN_HAND_MAX } from "../../../mesh/outbox/constants.ts";
import { nameOf } from "../../../mesh/outbox/waiting.ts";
import type { Outcome, Waiting } from "../../../mesh/outbox/waiting.ts";
import { Worker } from "../../../mesh/outbox/worker.ts";
import { nameOfEffect } from "../../simulation/effect-sink.ts";
import { BoxTimers, SimClock } from "../../simulation/sim-clock.ts";

const WAITING_MAX = 200;
const quiet = (): void => undefined;

function waiting(seq: number): Waiting {
  return {
    lane: "push",
    origin: "aaaaaaaa.1" as Origin,
    place: [seq, 0],
    time: 0 as HybridTime,
    effect: { event: `$${seq}` as EventId },
  } as Waiting;
}

interface Bench {
  readonly clock: SimClock;
  readonly worker: Worker;
  readonly outcomes: Map<string, Outcome>;
  /** What was done, target and effect. */
  readonly done: string[];
  /** Lets what was held end. */
  release(what: string): void;
  /** From now on the targets of effects are only found when the answer is called. */
  findLater(): () => void;
  isOurs: boolean;
}

/** A worker with two targets. `held`: what does not end by itself, target and effect. */
function bench(...held: string[]): Bench {
  return benchOf({}, held);
}

function benchOf(changed: Partial<EffectLane>, held: readonly string[] = []): Bench {
  const clock = new SimClock();
  const done: string[] = [];
  const outcomes = new Map<string, Outcome>();
  const gates = new Map(held.map((what) => [what, Promise.withResolvers<void>()]));
  let finding = Promise.resolve();
  const lane: EffectLane = {
    name: "push",
    keptMs: 1000,
    waitingMax: WAITING_MAX,
    targetsOf: () => finding.then(() => ["phone", "tablet"]),
    perform: async (target, effect) => {
      const what = `${target} ${nameOfEffect(effect)}`;
      await gates.get(what)?.promise;
      done.push(what);
      return "done";
    },
    ...changed,
  };
  const worker = new Worker({
    lane,
    timers: new BoxTimers(clock),
    random: { bytes: (length) => new Uint8Array(length) },
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    now: () => 0 as HybridTime,
    isOurs: () => made.isOurs,
    settlements: {
      get: (name) => outcomes.get(name),
      note: (outcome) => void outcomes.set(nameOf(outcome.effect), outcome),
    },
  });
  const release = (what: string): void => gates.get(what)?.resolve();
  const findLater = (): (() => void) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    finding = promise;
    return resolve;
  };
  const made: Bench = { clock, worker, outcomes, done, release, findLater, isOurs: true };
  return made;
}

/** Another box says that it has reached all but these. */
function owedElsewhere(seq: number, ...targets: string[]): SettledRecord {
  const { lane, origin, place } = waiting(seq);
  return { kind: "settled", lane, origin, done: [], owed: [[place, targets]] };
}

const pass = ({ clock }: Bench): Promise<boolean> => clock.run(clock.nowMs + 10);

test("a box whose turn ends halfway leaves behind whom it has reached", async () => {
  const box = bench("phone $1");
  for (const seq of [1, 2]) box.worker.take(waiting(seq));
  await pass(box);
  box.isOurs = false;
  box.release("phone $1");
  await pass(box);
  expect(box.done).toEqual(["tablet $1", "tablet $2", "phone $1"]);
  expect(box.outcomes.get(nameOf(waiting(2)))?.owedTo).toEqual(["phone"]);
  box.isOurs = true;
  box.worker.take(waiting(2));
  await pass(box);
  expect(box.done.slice(3)).toEqual(["phone $2"]);
});

/** A worker whose turn has ended while it reaches the tablet for the second effect. */
async function turnedAway(): Promise<Bench> {
  const box = bench("phone $1", "tablet $2");
  for (const seq of [1, 2]) box.worker.take(waiting(seq));
  await pass(box);
  box.isOurs = false;
  box.release("phone $1");
  await pass(box);
  return box;
}

test("whom it reaches after its turn has ended counts as well", async () => {
  const box = await turnedAway();
  box.release("tablet $2");
  await pass(box);
  expect(box.outcomes.get(nameOf(waiting(2)))?.owedTo).toEqual(["phone"]);
});

test("whom it reaches after its turn has ended and begun again is reached once", async () => {
  const box = await turnedAway();
  box.isOurs = true;
  box.worker.take(waiting(2));
  await pass(box);
  box.release("tablet $2");
  await pass(box);
  expect(box.done.toSorted()).toEqual(["phone $1", "phone $2", "tablet $1", "tablet $2"]);
  expect(box.outcomes.get(nameOf(waiting(2)))?.owedTo).toEqual([]);
});

test("a box that stops leaves behind whom it has reached", async () => {
  const box = bench("phone $1");
  for (const seq of [1, 2]) box.worker.take(waiting(seq));
  await pass(box);
  const stopped = box.worker.stop();
  box.release("phone $1");
  await stopped;
  expect(box.done).toEqual(["tablet $1", "tablet $2", "phone $1"]);
  expect(box.outcomes.get(nameOf(waiting(1)))?.owedTo).toEqual([]);
  expect(box.outcomes.get(nameOf(waiting(2)))?.owedTo).toEqual(["phone"]);
});

test("when each of two boxes has reached those to whom the other owes it, it is over", async () => {
  const box = bench("tablet $1");
  box.worker.take(waiting(1));
  await pass(box);
  expect(box.done).toEqual(["phone $1"]);
  box.worker.letGo(owedElsewhere(1, "phone"));
  expect(box.outcomes.get(nameOf(waiting(1)))?.owedTo).toEqual([]);
  // It is not in hand any more: nothing that comes later waits behind it.
  box.release("tablet $1");
  box.worker.take(waiting(2));
  await pass(box);
  expect(box.outcomes.get(nameOf(waiting(2)))?.owedTo).toEqual([]);
});

test("what another box has reached before it is known here whom to reach is not repeated", async () => {
  const box = bench();
  box.worker.take(waiting(1));
  box.worker.letGo(owedElsewhere(1, "phone"));
  await pass(box);
  expect(box.done).toEqual(["phone $1"]);
  expect(box.outcomes.get(nameOf(waiting(1)))?.owedTo).toEqual([]);
});

test("what is on disk and what was heard of an effect count together", async () => {
  const box = bench();
  box.outcomes.set(nameOf(waiting(1)), { effect: waiting(1), owedTo: ["phone"] });
  box.worker.take({ ...waiting(1), only: ["tablet"] });
  await pass(box);
  expect(box.done).toEqual([]);
  expect(box.outcomes.get(nameOf(waiting(1)))?.owedTo).toEqual([]);
});

test("a turn that begins again while a target is reached is not over before it is known whom to reach", async () => {
  const box = await turnedAway();
  box.isOurs = true;
  const found = box.findLater();
  box.worker.take(waiting(2));
  box.release("tablet $2");
  await pass(box);
  found();
  await pass(box);
  expect(box.done.toSorted()).toEqual(["phone $1", "phone $2", "tablet $1", "tablet $2"]);
});

/** Of eleven effects ten are for targets that fail, one each, and one is for a target that is well. */
const FAILING = 10;

function targetOf(effect: Effect): string {
  const seq = Number(nameOfEffect(effect).slice(1));
  return seq % (FAILING + 1) === FAILING ? "well" : `failing ${seq % (FAILING + 1)}`;
}

/** A worker that is given, one by one, more than it can hold; how many reached the target that is well. */
async function overrun(waitingMax: number) {
  let reached = 0;
  const box = benchOf({
    waitingMax,
    targetsOf: (effect) => Promise.resolve([targetOf(effect)]),
    perform: (target) => {
      if (target !== "well") return Promise.resolve("failed");
      reached++;
      return Promise.resolve("done");
    },
  });
  const count = 2 * IN_HAND_MAX;
  for (let seq = 0; seq < count; seq++) {
    box.worker.take(waiting(seq));
    if (seq % 100 === 0) await pass(box);
  }
  await pass(box);
  return { box, reached, asked: Math.floor(count / (FAILING + 1)) };
}

test("targets that fail do not fill the hand: a target that is well is told of everything", async () => {
  const { box, reached, asked } = await overrun(WAITING_MAX);
  expect(reached).toBe(asked);
  // The oldest were given up, but for the one that is tried again and again.
  const isGivenUp = (seq: number): boolean => box.outcomes.has(nameOf(waiting(seq)));
  expect([0, FAILING + 1, 2 * IN_HAND_MAX - FAILING].map(isGivenUp)).toEqual([false, true, false]);
});

test("a lane that gives nothing up leaves the rest on disk, and looks for it when there is room", async () => {
  const { box, reached, asked } = await overrun(Infinity);
  expect(box.outcomes.size).toBe(reached);
  expect(reached).toBeLessThan(asked);
  expect(box.worker.takeMore()).toBe(false);
});
