import { expect, test } from "vitest";
import type { EventId } from "../../../core/ids.ts";
import type { EffectLane } from "../../../core/ports.ts";
import type { HybridTime } from "../../../core/transaction/records.ts";
import type { Origin } from "../../../core/vector.ts";
import { nameOf } from "../../../mesh/outbox/waiting.ts";
import type { Outcome, Waiting } from "../../../mesh/outbox/waiting.ts";
import { Worker } from "../../../mesh/outbox/worker.ts";
import { nameOfEffect } from "../../simulation/effect-sink.ts";
import { BoxTimers, SimClock } from "../../simulation/sim-clock.ts";

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
  /** Lets the slow target, or both, answer. */
  readonly answer: { slow(): void; quick(): void };
  isOurs: boolean;
}

function bench(quickAnswers = true): Bench {
  const clock = new SimClock();
  const done: string[] = [];
  const outcomes = new Map<string, Outcome>();
  const slow = Promise.withResolvers<void>();
  const quick = Promise.withResolvers<void>();
  if (quickAnswers) quick.resolve();
  const lane: EffectLane = {
    name: "push",
    keptMs: 1000,
    targetsOf: () => Promise.resolve(["slow", "quick"]),
    perform: async (target, effect) => {
      await (target === "slow" ? slow : quick).promise;
      done.push(`${target} ${nameOfEffect(effect)}`);
      return "done";
    },
  };
  const worker = new Worker({
    lanes: [lane],
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
  const answer = { slow: slow.resolve, quick: quick.resolve };
  const made: Bench = { clock, worker, outcomes, done, answer, isOurs: true };
  return made;
}

const pass = (clock: SimClock): Promise<boolean> => clock.run(clock.nowMs + 10);

test("a box whose turn ends halfway leaves behind whom it has reached", async () => {
  const box = bench();
  for (const seq of [1, 2]) box.worker.take(waiting(seq));
  await pass(box.clock);
  box.isOurs = false;
  box.answer.slow();
  await pass(box.clock);
  expect(box.done).toEqual(["quick $1", "quick $2", "slow $1"]);
  expect(box.outcomes.get(nameOf(waiting(2)))?.owedTo).toEqual(["slow"]);
  box.isOurs = true;
  box.worker.take(waiting(2));
  await pass(box.clock);
  expect(box.done.slice(3)).toEqual(["slow $2"]);
});

test.each([false, true])(
  "whom it reaches after its turn has ended counts as well, also where the next one has begun: %s",
  async (beginsAgain) => {
    const box = bench(false);
    box.worker.take(waiting(1));
    await pass(box.clock);
    box.isOurs = false;
    box.answer.slow();
    await pass(box.clock);
    box.worker.take(waiting(2));
    box.isOurs = beginsAgain;
    if (beginsAgain) box.worker.take(waiting(1));
    box.answer.quick();
    await pass(box.clock);
    expect(box.done.filter((what) => what.endsWith("$1")).toSorted()).toEqual([
      "quick $1",
      "slow $1",
    ]);
  },
);

test("a box that stops leaves behind whom it has reached", async () => {
  const box = bench();
  box.worker.take(waiting(1));
  await pass(box.clock);
  const stopped = box.worker.stop();
  await box.clock.run(box.clock.nowMs + 10_000);
  box.answer.slow();
  await stopped;
  expect(box.done).toEqual(["quick $1", "slow $1"]);
  const other = bench();
  for (const seq of [1, 2]) other.worker.take(waiting(seq));
  await pass(other.clock);
  const ended = other.worker.stop();
  other.answer.slow();
  await ended;
  expect(other.outcomes.get(nameOf(waiting(2)))?.owedTo).toEqual(["slow"]);
});
