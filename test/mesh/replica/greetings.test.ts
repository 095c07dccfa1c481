import { afterEach, expect, test } from "vitest";
import type { BoxId } from "../../../core/ids.ts";
import { incarnationOf } from "../../../core/vector.ts";
import type { BoxRecord } from "../../../mesh/membership/membership.ts";
import {
  Greetings,
  GREETINGS_WAIT_DOUBTFUL_MS,
  GREETINGS_WAIT_HEARD_MS,
  GREETINGS_WAIT_MS,
} from "../../../mesh/replica/greetings.ts";
import { MemoryNetwork } from "../../support/memory-network.ts";
import { oneBox } from "../../support/one-box.ts";
import type { TestBox } from "../../support/one-box.ts";
import { MemoryDisk } from "../../../mesh/store/memory-store.ts";
import { BoxTimers, SimClock } from "../../simulation/sim-clock.ts";
import { note } from "../journal/open-ledger.ts";

const [A, B] = ["aaaaaaaa", "bbbbbbbb"] as [BoxId, BoxId];
const record = (box: BoxId): BoxRecord => ({
  box,
  name: box,
  peerId: `peer-${box}`,
  addresses: [],
  added: 0,
});

const opened: TestBox[] = [];
afterEach(async () => {
  for (const box of opened.splice(0)) await box.stop();
});

test("a disk and a clock that went back together begin a life after those that others know", async () => {
  const network = new MemoryNetwork();
  const a = await oneBox({ box: A, network });
  opened.push(a);
  const disk = new MemoryDisk();
  const options = { box: B, network, remembered: [record(A)] };
  const first = await oneBox({ ...options, disk });
  await expect.poll(() => a.node.ledger.lastApplied(first.node.ledger.life)).toBe(1);
  await first.stop();
  const copy = disk.clone();
  const second = await oneBox({ ...options, disk });
  await expect.poll(() => a.node.ledger.lastApplied(second.node.ledger.life)).toBe(1);
  await second.stop();
  const third = await oneBox({ ...options, disk: copy, wallClock: () => 1000 });
  opened.push(third);
  const { ledger, runner } = third.node;
  expect(incarnationOf(ledger.life)).toBeGreaterThan(incarnationOf(second.node.ledger.life));
  await runner.run(note, "after the loss");
  await expect.poll(() => a.node.ledger.lastApplied(ledger.life)).toBe(ledger.lastOwn?.seq);
});

test("an empty disk under a clock that is ten years ahead takes the time from the others", async () => {
  const network = new MemoryNetwork();
  const nowMs = Date.UTC(2026, 0, 1);
  opened.push(await oneBox({ box: A, network, wallClock: () => nowMs }));
  const wallClock = (): number => nowMs + 10 * 365 * 24 * 3_600_000;
  const late = await oneBox({ box: B, network, remembered: [record(A)], wallClock });
  opened.push(late);
  expect(late.node.clock.wallState).toBe("leapt");
  expect(incarnationOf(late.node.ledger.life)).toBeLessThan(nowMs + 60_000);
});

test.each([
  ["a box that knows its past", false, GREETINGS_WAIT_MS],
  ["a box that may not", true, GREETINGS_WAIT_DOUBTFUL_MS],
])("%s waits for silent boxes a bounded time", async (_name, doubtful, waitMs) => {
  const clock = new SimClock();
  const network = new MemoryNetwork();
  const greetings = new Greetings({
    transport: network.join(A),
    timers: new BoxTimers(clock),
    others: [record(B)],
    vector: {},
    isDoubtful: () => doubtful,
  });
  let isOver = false;
  void greetings.exchange().then(() => (isOver = true));
  expect(await clock.run(waitMs - 1, () => isOver)).toBe(false);
  expect(await clock.run(waitMs + 100, () => isOver)).toBe(true);
  expect(greetings.lives()).toEqual([]);
});

test("boxes that start at the same time do not wait for each other to be done", async () => {
  const clock = new SimClock();
  const network = new MemoryNetwork();
  const [a, b] = [A, B].map((box) => {
    const others = [A, B].filter((other) => other !== box).map(record);
    const timers = new BoxTimers(clock);
    const transport = network.join(box);
    return new Greetings({ transport, timers, others, vector: {}, isDoubtful: () => true });
  });
  await Promise.all([a?.exchange(), b?.exchange()]);
  expect(clock.nowMs).toBe(0);
});

test("a box that may not know its past waits less for the rest once it has heard one", async () => {
  const clock = new SimClock();
  const network = new MemoryNetwork();
  const greet = (box: BoxId, others: readonly BoxId[]): Promise<void> =>
    new Greetings({
      transport: network.join(box),
      timers: new BoxTimers(clock),
      others: others.map(record),
      vector: {},
      isDoubtful: () => true,
    }).exchange();
  let isOver = false;
  void greet(A, [B, "cccccccc" as BoxId]).then(() => (isOver = true));
  await greet(B, [A]);
  expect(await clock.run(GREETINGS_WAIT_HEARD_MS - 1, () => isOver)).toBe(false);
  expect(await clock.run(GREETINGS_WAIT_HEARD_MS + 100, () => isOver)).toBe(true);
});

test("a clock that is set meanwhile ends the long wait", async () => {
  const clock = new SimClock();
  const greetings = new Greetings({
    transport: new MemoryNetwork().join(A),
    timers: new BoxTimers(clock),
    others: [record(B)],
    vector: {},
    isDoubtful: () => clock.nowMs < 3000,
  });
  let isOver = false;
  void greetings.exchange().then(() => (isOver = true));
  expect(await clock.run(3200, () => isOver)).toBe(true);
});
