import { expect, test } from "vitest";
import type { BoxId } from "../../../core/ids.ts";
import { originOf } from "../../../core/vector.ts";
import type { Vector } from "../../../core/vector.ts";
import { Acknowledgements } from "../../../mesh/replica/acknowledgements.ts";
import type { AckPolicy } from "../../../mesh/replica/acknowledgements.ts";
import { boxOfName } from "../journal/open-ledger.ts";
import { FakeTimers } from "../transport/fake-timers.ts";

const [A, B, C] = ["a", "b", "c"].map(boxOfName) as [BoxId, BoxId, BoxId];
const ORIGIN = originOf(A, 1);
const DOT = { origin: ORIGIN, seq: 5 };
const BEFORE = { [ORIGIN]: 4 } as Vector;
const AFTER = { [ORIGIN]: 5 } as Vector;

function waiting(policy: AckPolicy, peers: readonly (readonly [BoxId, Vector])[]) {
  const timers = new FakeTimers();
  const acknowledgements = new Acknowledgements(timers, policy, 250);
  let isDone = false;
  void acknowledgements.wait(DOT, new Map(peers)).then(() => (isDone = true));
  const done = async (): Promise<boolean> => {
    await timers.advance(0);
    return isDone;
  };
  return { timers, acknowledgements, done };
}

test("a write waits for every box in reach", async () => {
  const { acknowledgements, done } = waiting("reachable", [
    [B, BEFORE],
    [C, BEFORE],
  ]);
  acknowledgements.heard(B, AFTER);
  expect(await done()).toBe(false);
  acknowledgements.heard(C, BEFORE);
  expect(await done()).toBe(false);
  acknowledgements.heard(C, AFTER);
  expect(await done()).toBe(true);
});

test("one box that has it is enough where the owner says so", async () => {
  const { acknowledgements, done } = waiting("one", [
    [B, BEFORE],
    [C, BEFORE],
  ]);
  acknowledgements.heard(C, AFTER);
  expect(await done()).toBe(true);
  expect(
    await waiting("one", [
      [B, AFTER],
      [C, BEFORE],
    ]).done(),
  ).toBe(true);
});

test("nobody is waited for who has it, is not there, or need not have it", async () => {
  expect(await waiting("reachable", [[B, AFTER]]).done()).toBe(true);
  expect(await waiting("reachable", []).done()).toBe(true);
  expect(await waiting("local", [[B, BEFORE]]).done()).toBe(true);
});

test("a box that goes is not waited for any more", async () => {
  const { acknowledgements, done } = waiting("reachable", [[B, BEFORE]]);
  acknowledgements.lost(B);
  expect(await done()).toBe(true);
});

test("a slow box delays a write for a bounded time and never refuses it", async () => {
  const { timers, done } = waiting("reachable", [[B, BEFORE]]);
  await timers.advance(249);
  expect(await done()).toBe(false);
  await timers.advance(1);
  expect(await done()).toBe(true);
  expect(timers.waiting).toBe(0);
});
