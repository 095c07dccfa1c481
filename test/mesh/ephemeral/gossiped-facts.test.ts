import { beforeEach, expect, test } from "vitest";
import type { WakeTopic } from "../../../core/ports.ts";
import { GossipedFacts } from "../../../mesh/ephemeral/gossiped-facts.ts";
import type { PublishListener } from "../../../mesh/transport/transport.ts";
import { boxOfName } from "../journal/open-ledger.ts";
import { FakeTimers } from "../transport/fake-timers.ts";

const ALICE = "@alice:x";
const TYPING = `!room\u001f${ALICE}`;
let timers: FakeTimers;
let facts: GossipedFacts;
let touched: WakeTopic[];
let published: Uint8Array[];
let hear: (text: string) => void;

beforeEach(() => {
  timers = new FakeTimers();
  [touched, published] = [[], []];
  let listener: PublishListener | undefined;
  const transport = {
    publish: (_topic: string, data: Uint8Array) => void published.push(data),
    onPublish: (_topic: string, given: PublishListener) => {
      listener = given;
      return () => undefined;
    },
  };
  facts = new GossipedFacts({ transport, timers, touch: (topics) => touched.push(...topics) });
  hear = (text) => listener?.(boxOfName("b"), Buffer.from(text));
});

test("a fact is told to the other boxes and wakes who waits for it", () => {
  facts.set("typing", TYPING, {}, 1000);
  facts.set("presence", ALICE, { presence: "online" }, 1000);
  expect(published).toHaveLength(2);
  expect(touched).toEqual(["typing:!room", `presence:${ALICE}`]);
  expect(facts.get("presence", ALICE)).toMatchObject({ value: { presence: "online" }, serial: 2 });
  const other = published.map((data) => Buffer.from(data).toString());
  for (const text of other) hear(text);
  expect(facts.serial).toBe(4);
});

test("a fact that is not said again ends, is told as ended for a while, and is gone then", async () => {
  facts.set("typing", TYPING, {}, 1000);
  await timers.advance(1000);
  expect(facts.get("typing", TYPING)).toMatchObject({ ended: true, serial: 2 });
  expect(facts.since(1)).toHaveLength(1);
  await timers.advance(120_000);
  expect([facts.get("typing", TYPING), facts.since(0)]).toEqual([undefined, []]);
});

test("a fact that is said again lives on, and only its newest state is told", async () => {
  facts.set("typing", TYPING, { n: 1 }, 1000);
  await timers.advance(900);
  facts.set("typing", TYPING, { n: 2 }, 1000);
  await timers.advance(900);
  expect(facts.since(0)).toMatchObject([{ value: { n: 2 }, ended: false, serial: 2 }]);
});

test("a time of nothing ends a fact at once, and no fact lives longer than it may", async () => {
  facts.set("typing", TYPING, {}, 1000);
  facts.set("typing", TYPING, {}, 0);
  expect(facts.get("typing", TYPING)?.ended).toBe(true);
  facts.set("presence", ALICE, {}, Number.MAX_SAFE_INTEGER);
  await timers.advance(10 * 60_000);
  expect(facts.get("presence", ALICE)?.ended).toBe(true);
});

test("what other boxes say is checked and bounded", () => {
  for (const wrong of [
    "{",
    "[]",
    `{"kind":"weather","key":"x","value":{},"ttlMs":5}`,
    `{"kind":"typing","key":7,"value":{},"ttlMs":5}`,
    `{"kind":"typing","key":"x","value":[],"ttlMs":5}`,
    `{"kind":"typing","key":"x","value":{},"ttlMs":"5"}`,
    `{"kind":"typing","key":"x","value":{"pad":"${"x".repeat(5000)}"},"ttlMs":5}`,
  ]) {
    hear(wrong);
  }
  expect(facts.serial).toBe(0);
  for (let i = 0; i < 10_001; i++) facts.set("presence", `@user${i}:x`, {}, 1000);
  expect(facts.since(0)).toHaveLength(10_000);
  expect(facts.get("presence", "@user0:x")).toBeUndefined();
});

test("after it stopped nothing is left to fire", () => {
  facts.set("typing", TYPING, {}, 1000);
  facts.stop();
  expect([timers.waiting, facts.since(0)]).toEqual([0, []]);
});
