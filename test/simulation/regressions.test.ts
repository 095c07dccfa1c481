import { test } from "vitest";
import { expectRight } from "./smoke.ts";

/** Seeds that once found a defect, by what it was. */
const SEEDS: readonly (readonly [seed: string, what: string])[] = [
  ["1", "a vector took a lost life of a box for known and its entries never came"],
  ["6", "two copies of a to-device message waited at different places on different boxes"],
  ["14", "a claim of a name failed with the error of the disk in place of a 503"],
  ["79", "a clock that leapt while it was unset carried the time decades ahead"],
  ["115", "device keys told by a box that lagged behind stayed out of date"],
  ["1270", "a message on an old branch changed the state, and clients were not told"],
  ["1571", "a box restored from a copy gave a one-time key away again"],
  [
    "7249",
    "what was on disk though its write had failed was told to nobody, and a box never met another",
  ],
  ["3074", "a receipt that lost against another was never put right with clients"],
  ["31033", "an entry of a life that was over came up after the life was closed"],
  ["200115", "each of two boxes dropped what the other one lacked"],
  ["200206", "a box that joined on one side of a split let both sides drop what the other lacked"],
  ["400297", "a box that could not write down what it had done for others did it again"],
  ["long 44", "two lives of a box made the same event, each box built upon another one of the two"],
  ["1100739", "a lone box whose disk was full for a moment closed its earlier lives no more"],
  [
    "10013",
    "a join that came to nothing was told to nobody, since the event in force was an old one",
  ],
  ["2666856", "an own join that two events at once turned back was told to nobody"],
  ["2670561", "a state that changed by an event which nobody is shown was told to nobody"],
  ["2640007", "a membership that an event changed which nobody is shown was told to nobody"],
  [
    "2601619",
    "a notification waited for ever on a box that had reached those whom another one still owed it",
  ],
  ["400473", "an empty box began a life decades ahead, whose entries no other box took"],
];

test.each(SEEDS)("seed %s: no more %s", { timeout: 60_000 }, async (seed) => {
  await expectRight(seed);
});
