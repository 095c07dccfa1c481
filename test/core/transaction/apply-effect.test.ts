import { beforeEach, expect, test } from "vitest";
import type { BoxId } from "../../../core/ids.ts";
import type { Json } from "../../../core/json.ts";
import { applyEffect, applySettled } from "../../../core/transaction/apply-effect.ts";
import type { ApplyContext } from "../../../core/transaction/apply.ts";
import type { EventId } from "../../../core/ids.ts";
import type { HybridTime, SettledRecord } from "../../../core/transaction/records.ts";
import { originOf } from "../../../core/vector.ts";

const ORIGIN = originOf("aaaaaaaa" as BoxId, 7);
const EVENT = "$event" as EventId;

let rows: Map<string, unknown>;

function contextOf(table: Map<string, unknown>): ApplyContext {
  const view = {
    get: (_table: unknown, key: Json) => table.get(JSON.stringify(key)),
    put: (_table: unknown, key: Json, value: unknown) => table.set(JSON.stringify(key), value),
    del: (_table: unknown, key: Json) => table.delete(JSON.stringify(key)),
  };
  const dot = { origin: ORIGIN, seq: 5 };
  return { view, dot, time: 1024 as HybridTime } as unknown as ApplyContext;
}

function settled(change: Partial<SettledRecord>): SettledRecord {
  return { kind: "settled", lane: "push", origin: ORIGIN, done: [], owed: [], ...change };
}

beforeEach(() => {
  rows = new Map();
  applyEffect(contextOf(rows), { kind: "effect", lane: "push", effect: { event: EVENT } }, 2);
});

test("an effect waits at the place of its record until it is settled", () => {
  const key = JSON.stringify(["push", "aaaaaaaa", 7, 5, 2]);
  expect([...rows]).toEqual([[key, { effect: { event: EVENT }, time: 1024 }]]);
  applySettled(contextOf(rows), settled({ done: [[5, 1]] }));
  expect(rows.size).toBe(1);
  applySettled(contextOf(rows), settled({ done: [[5, 2]] }));
  expect(rows.size).toBe(0);
});

test("what is owed to some targets only shrinks, in whatever order boxes hear of it", () => {
  const records = [
    settled({
      owed: [
        [
          [5, 2],
          ["phone", "tablet"],
        ],
      ],
    }),
    settled({
      owed: [
        [
          [5, 2],
          ["tablet", "watch"],
        ],
      ],
    }),
    settled({ done: [[6, 0]] }),
  ];
  const [first = settled({}), second = settled({}), third = settled({})] = records;
  const results = [
    [first, second, third],
    [second, first, third],
    [third, second, first, first],
  ].map((order) => {
    const table = new Map(rows);
    for (const record of order) applySettled(contextOf(table), record);
    return [...table.values()];
  });
  expect(results[0]).toEqual([{ effect: { event: EVENT }, time: 1024, only: ["tablet"] }]);
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
});

test("two boxes that each reached what the other did not leave nothing to do", () => {
  applySettled(contextOf(rows), settled({ owed: [[[5, 2], ["phone"]]] }));
  applySettled(contextOf(rows), settled({ owed: [[[5, 2], ["tablet"]]] }));
  expect(rows.size).toBe(0);
});

test("what is owed of an effect that is over brings it not back", () => {
  applySettled(contextOf(rows), settled({ done: [[5, 2]] }));
  applySettled(contextOf(rows), settled({ owed: [[[5, 2], ["phone"]]] }));
  expect(rows.size).toBe(0);
});
