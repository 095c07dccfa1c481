import { expect, test } from "vitest";
import type { EffectPlace, SettledRecord } from "../../../core/transaction/records.ts";
import type { Origin } from "../../../core/vector.ts";
import { Settlements } from "../../../mesh/outbox/settlements.ts";
import { nameOf } from "../../../mesh/outbox/waiting.ts";
import type { Outcome } from "../../../mesh/outbox/waiting.ts";
import { BoxTimers, SimClock } from "../../simulation/sim-clock.ts";

const quiet = (): void => undefined;
const ORIGIN = "aaaaaaaa.1" as Origin;
const PLACE: EffectPlace = [7, 0];
const EFFECT: Outcome["effect"] = { lane: "push", origin: ORIGIN, place: PLACE };
const NAME = nameOf(EFFECT);

const done: SettledRecord = {
  kind: "settled",
  lane: "push",
  origin: ORIGIN,
  done: [PLACE],
  owed: [],
};

function owed(...targets: string[]): SettledRecord {
  return { ...done, done: [], owed: [[PLACE, targets]] };
}

/** What a box knows of one effect. */
function bench() {
  const announced: SettledRecord[] = [];
  const store = { waits: true };
  const settlements = new Settlements({
    state: { get: () => (store.waits ? ({} as never) : undefined) },
    runner: { run: () => Promise.reject(new Error("nothing is written here")) },
    timers: new BoxTimers(new SimClock()),
    logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    announce: (records) => void announced.push(...records),
  });
  const owedTo = (): readonly string[] | undefined => settlements.get(NAME)?.owedTo;
  return { settlements, store, announced, owedTo };
}

test("a word that was overtaken by a later one takes nothing back", () => {
  const { settlements, owedTo } = bench();
  settlements.hear(owed("phone"));
  settlements.hear(owed("phone", "tablet"));
  expect(owedTo()).toEqual(["phone"]);
  settlements.hear(done);
  settlements.hear(owed("phone"));
  expect(owedTo()).toEqual([]);
});

test("what several boxes say of an effect counts together, with what this one has reached", () => {
  const { settlements, owedTo } = bench();
  settlements.hear(owed("phone", "tablet"));
  settlements.hear(owed("phone", "watch"));
  expect(owedTo()).toEqual(["phone"]);
  settlements.note({ effect: EFFECT, owedTo: ["tablet", "watch"] });
  expect(owedTo()).toEqual([]);
});

test("what is said of an effect never gets less", () => {
  const { settlements, announced } = bench();
  settlements.note({ effect: EFFECT, owedTo: ["phone"] });
  settlements.note({ effect: EFFECT, owedTo: ["phone", "tablet"] });
  expect(announced).toEqual([owed("phone"), owed("phone")]);
});

test("what a record on disk does not say is kept", () => {
  const { settlements, owedTo } = bench();
  settlements.note({ effect: EFFECT, owedTo: ["phone"] });
  settlements.hear(owed("watch"));
  settlements.written(owed("tablet"));
  expect(owedTo()).toEqual([]);
  const told = settlements.all().flat();
  expect(told.flatMap((record) => record.owed)).toEqual([
    [PLACE, ["watch"]],
    [PLACE, ["phone"]],
  ]);
});

test("what a record on disk says as well, and what waits no more, is forgotten", () => {
  const { settlements, store, owedTo } = bench();
  settlements.note({ effect: EFFECT, owedTo: ["phone", "tablet"] });
  settlements.hear(owed("phone", "watch"));
  settlements.written(owed("phone"));
  expect(owedTo()).toBeUndefined();
  settlements.note({ effect: EFFECT, owedTo: ["phone"] });
  settlements.hear(owed("watch"));
  store.waits = false;
  settlements.written(owed("tablet"));
  expect(settlements.all()).toEqual([]);
});
