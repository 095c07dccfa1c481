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

test("a box whose turn ends halfway leaves behind whom it has reached", async () => {
  const clock = new SimClock();
  const done: string[] = [];
  const outcomes = new Map<string, Outcome>();
  const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
  let isOurs = true;
  const lane: EffectLane = {
    name: "push",
    keptMs: 1000,
    targetsOf: () => Promise.resolve(["slow", "quick"]),
    perform: async (target, effect) => {
      if (target === "slow") await answered;
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
    isOurs: () => isOurs,
    settlements: {
      get: (name) => outcomes.get(name),
      note: (outcome) => void outcomes.set(nameOf(outcome.effect as Waiting), outcome),
    },
  });
  for (const seq of [1, 2]) worker.take(waiting(seq));
  await clock.run(clock.nowMs + 10, () => done.length === 2);
  isOurs = false;
  answer();
  await clock.run(clock.nowMs + 10);
  expect(done).toEqual(["quick $1", "quick $2", "slow $1"]);
  expect(outcomes.get(nameOf(waiting(2)))?.owedTo).toEqual(["slow"]);
  isOurs = true;
  worker.take(waiting(2));
  await clock.run(clock.nowMs + 10);
  expect(done.slice(3)).toEqual(["slow $2"]);
});
