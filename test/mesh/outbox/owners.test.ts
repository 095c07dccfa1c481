import { beforeEach, expect, test } from "vitest";
import type { BoxId } from "../../../core/ids.ts";
import { AWAY_MS } from "../../../mesh/outbox/constants.ts";
import { Owners } from "../../../mesh/outbox/owners.ts";
import { FakeTimers } from "../transport/fake-timers.ts";

const [A, B, C] = ["a", "b", "c"].map((letter) => letter.repeat(8)) as [BoxId, BoxId, BoxId];

let timers: FakeTimers;
let linked: BoxId[];
let owners: Owners;

beforeEach(() => {
  timers = new FakeTimers();
  linked = [A, C];
  owners = new Owners({ self: B, linked: () => linked, timers });
});

const ours = (): BoxId[] => [A, B, C].filter((box) => owners.isOurs(box));

test("a box does its own work, and that of a linked one never", () => {
  timers.sleep(AWAY_MS * 10);
  expect(ours()).toEqual([B]);
});

test("a box whose link is down keeps its work for a while, then the next one by ID has it", () => {
  linked = [C];
  timers.sleep(AWAY_MS - 1);
  expect(ours()).toEqual([B]);
  timers.sleep(1);
  // Of B and C, which see each other, B comes after A.
  expect(ours()).toEqual([A, B]);
  linked = [A];
  owners.seen([C]);
  timers.sleep(AWAY_MS);
  // After C there is none, so the first one begins again.
  expect(ours()).toEqual([B]);
});

test("a box that another one sees is not away", () => {
  linked = [C];
  for (let i = 0; i < 10; i++) {
    timers.sleep(AWAY_MS / 2);
    owners.seen([A]);
  }
  expect(ours()).toEqual([B]);
});

test("a box that sees nobody does its own work and everybody's", () => {
  linked = [];
  timers.sleep(AWAY_MS);
  expect(ours()).toEqual([A, B, C]);
});

test("a linked box that takes no writes keeps its work for a while, then the next one that does has it", () => {
  owners.hear(A, false);
  timers.sleep(AWAY_MS - 1);
  owners.hear(A, false);
  expect(ours()).toEqual([B]);
  timers.sleep(1);
  expect(ours()).toEqual([A, B]);
  owners.hear(A, true);
  expect(ours()).toEqual([B]);
});

test("a box that takes no writes takes nothing over, and leaves its own work to those that do", () => {
  linked = [C];
  owners.hear(B, false);
  timers.sleep(AWAY_MS);
  expect(ours()).toEqual([]);
  owners.hear(B, true);
  owners.hear(C, false);
  timers.sleep(AWAY_MS);
  // A is away; of those that see each other only B takes writes.
  expect(ours()).toEqual([A, B, C]);
});

test("where no box takes writes, each does what it would do if all did", () => {
  linked = [C];
  for (const box of [B, C]) owners.hear(box, false);
  timers.sleep(AWAY_MS);
  expect(ours()).toEqual([A, B]);
  linked = [];
  timers.sleep(AWAY_MS);
  expect(ours()).toEqual([A, B, C]);
});
