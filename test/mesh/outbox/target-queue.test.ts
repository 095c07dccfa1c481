import { beforeEach, expect, test } from "vitest";
import type { BoxId, EventId } from "../../../core/ids.ts";
import type { HybridTime } from "../../../core/transaction/records.ts";
import { originOf } from "../../../core/vector.ts";
import { RETRY_MS_MAX, RETRY_MS_MIN } from "../../../mesh/outbox/constants.ts";
import { TargetQueue } from "../../../mesh/outbox/target-queue.ts";
import type { Waiting } from "../../../mesh/outbox/waiting.ts";
import { FakeTimers } from "../transport/fake-timers.ts";

const ORIGIN = originOf("aaaaaaaa" as BoxId, 7);
const WAITING_MAX = 20;

let timers: FakeTimers;
let waitingMax: number;
let tries: number[];
let over: number[];
let outcome: "done" | "failed" | "skipped";
let idle: number;
let queue: TargetQueue;

function effect(seq: number): Waiting {
  const time = 0 as HybridTime;
  return {
    lane: "push",
    origin: ORIGIN,
    place: [seq, 0],
    effect: { event: "$e" as EventId },
    time,
  };
}

beforeEach(() => {
  timers = new FakeTimers();
  tries = [];
  over = [];
  outcome = "done";
  idle = 0;
  waitingMax = WAITING_MAX;
  queue = new TargetQueue({
    timers,
    get waitingMax() {
      return waitingMax;
    },
    random: { bytes: (length) => new Uint8Array(length) },
    inTurn: (work) => work(),
    perform: ({ place: [seq] }) => {
      tries.push(seq);
      return Promise.resolve(outcome);
    },
    over: ({ place: [seq] }) => over.push(seq),
    idle: () => idle++,
  });
});

test("effects are done in order, one after the other", async () => {
  for (const seq of [1, 2, 3]) queue.add(effect(seq));
  await timers.advance(0);
  expect([tries, over, idle]).toEqual([[1, 2, 3], [1, 2, 3], 1]);
});

test("after a failure the same one is tried again, after waits that double up to a limit", async () => {
  outcome = "failed";
  queue.add(effect(1));
  queue.add(effect(2));
  await timers.advance(0);
  for (const [i, waitMs] of [1, 2, 4, 8].entries()) {
    await timers.advance(waitMs * RETRY_MS_MIN - 1);
    expect(tries).toHaveLength(i + 1);
    await timers.advance(1);
    expect(tries).toHaveLength(i + 2);
  }
  expect([queue.isFailing, new Set(tries), over]).toEqual([true, new Set([1]), []]);
  for (let i = 0; i < 20; i++) await timers.advance(RETRY_MS_MAX);
  const before = tries.length;
  await timers.advance(RETRY_MS_MAX);
  expect(tries).toHaveLength(before + 1);
  outcome = "done";
  await timers.advance(RETRY_MS_MAX);
  expect([over, queue.isFailing]).toEqual([[1, 2], false]);
});

test("what is skipped is not over", async () => {
  outcome = "skipped";
  queue.add(effect(1));
  await timers.advance(0);
  expect([tries, over, idle]).toEqual([[1], [], 1]);
});

test("when too much waits the oldest is given up, but not the one that is under way", async () => {
  outcome = "failed";
  for (let seq = 1; seq <= WAITING_MAX + 2; seq++) queue.add(effect(seq));
  await timers.advance(0);
  expect(over).toEqual([2, 3]);
});

test("where nothing may be given up all of it waits", async () => {
  [outcome, waitingMax] = ["failed", Infinity];
  for (let seq = 1; seq <= 10 * WAITING_MAX; seq++) queue.add(effect(seq));
  await timers.advance(0);
  expect([over, queue.length]).toEqual([[], 10 * WAITING_MAX]);
});

test("a queue that was stopped tries nothing more", async () => {
  outcome = "failed";
  queue.add(effect(1));
  await timers.advance(0);
  queue.stop();
  queue.add(effect(2));
  await timers.advance(RETRY_MS_MAX);
  expect(tries).toEqual([1]);
});
