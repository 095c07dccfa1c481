import { expect, test } from "vitest";
import type { BoxId } from "../../../core/ids.ts";
import { originOf } from "../../../core/vector.ts";
import type { Vector } from "../../../core/vector.ts";
import type { Ledger } from "../../../mesh/journal/ledger.ts";
import { KnownToAll } from "../../../mesh/janitor/known-to-all.ts";
import { boxOfName } from "../journal/open-ledger.ts";

const [A, B, C] = ["a", "b", "c"].map(boxOfName) as [BoxId, BoxId, BoxId];
const [a, b, c] = [A, B, C].map((box) => originOf(box, 1));
if (!a || !b || !c) throw new Error("there are three lives");
const vector = (inA: number, inB: number, inC: number): Vector => ({
  [a]: inA,
  [b]: inB,
  [c]: inC,
});
const message = { origin: a, seq: 5 };

function knowing(options: { members?: BoxId[]; isWhole?: boolean } = {}) {
  const here = { vector: vector(9, 9, 9), life: a };
  const { members = [A, B, C], isWhole = true } = options;
  const known = new KnownToAll({
    ledger: here as unknown as Ledger,
    members: () => members,
    isWhole: () => isWhole,
  });
  return { known, here, members, isCertain: () => known.look()(message) };
}

test("nothing is certain before every member has said that it has the message", () => {
  const { known, isCertain } = knowing();
  expect(isCertain()).toBe(false);
  known.heard(B, vector(5, 9, 9));
  expect(isCertain()).toBe(false);
  known.heard(C, vector(4, 9, 9));
  expect(isCertain()).toBe(false);
  known.heard(C, vector(5, 9, 9));
  expect(isCertain()).toBe(true);
});

test("nor while something is missing here that a member had when it had the message", () => {
  const { known, here, isCertain } = knowing();
  known.heard(B, vector(9, 9, 9));
  known.heard(C, vector(9, 9, 10));
  expect(isCertain()).toBe(false);
  here.vector = vector(9, 9, 10);
  expect(isCertain()).toBe(true);
});

test("it stays certain while members go on writing, until the disk of one goes back", () => {
  const { known, isCertain } = knowing();
  for (const box of [B, C]) known.heard(box, vector(5, 5, 5));
  known.heard(B, vector(9, 99, 9));
  expect(isCertain()).toBe(true);
  known.heard(C, vector(1, 1, 1));
  expect(isCertain()).toBe(false);
});

test("a member that joined has to have it too", () => {
  const { known, members, isCertain } = knowing({ members: [A, B] });
  known.heard(B, vector(9, 9, 9));
  expect(isCertain()).toBe(true);
  members.push(C);
  expect(isCertain()).toBe(false);
});

test("a box that is the only one knows all, one that lacks what it had knows nothing", () => {
  expect(knowing({ members: [A] }).isCertain()).toBe(true);
  expect(knowing({ members: [A], isWhole: false }).isCertain()).toBe(false);
});
