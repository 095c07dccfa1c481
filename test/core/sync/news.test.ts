import { describe, expect, test } from "vitest";
import type { BoxId, RoomId } from "../../../core/ids.ts";
import type { Snapshot } from "../../../core/ports.ts";
import { News } from "../../../core/sync/news.ts";
import { topicLog, topicVector } from "../../../core/tables.ts";
import type { Topic } from "../../../core/tables.ts";
import type { Origin, Vector } from "../../../core/vector.ts";
import { boxOf, incarnationOf } from "../../../core/vector.ts";
import { MemoryDisk, MemoryStore } from "../../../mesh/store/memory-store.ts";
import { StateStore } from "../../../mesh/store/overlay.ts";

const topic: Topic = `room:${"!r" as RoomId}`;
const A1 = "aaaaaaaa.1" as Origin;
const A2 = "aaaaaaaa.2" as Origin;
const B1 = "bbbbbbbb.1" as Origin;

interface Log {
  /** Origin and sequence of each entry. */
  readonly rows: readonly (readonly [Origin, number])[];
  /** The newest of the topic, without those that they rest on. */
  readonly touched: Vector;
  readonly vector: Vector;
}

/** A snapshot with this log; `use` gets what is new since a vector, as `origin seq`. */
async function newSince(log: Log, since: Vector, rowsMax = 100): Promise<[string[], boolean]> {
  const store = new StateStore(new MemoryStore(new MemoryDisk()));
  const stage = store.begin();
  for (const [origin, seq] of log.rows) {
    const key: [Topic, BoxId, number, number] = [topic, boxOf(origin), incarnationOf(origin), seq];
    stage.put(topicLog, key, [{ membership: `!${origin} ${seq}` as RoomId }]);
  }
  stage.put(topicVector, [topic], log.touched);
  await store.commit(stage);
  using snapshot = store.snapshot();
  const view: Snapshot = {
    vector: log.vector,
    get: (table, key) => snapshot.get(table, key),
    range: (table, range) => snapshot.range(table, range),
    close: () => undefined,
    [Symbol.dispose]: () => undefined,
  };
  const news = new News(view, since);
  const { items, complete } = await news.read(topic, rowsMax);
  expect(news.touches(topic)).toBe(items.length > 0 || !complete);
  return [items.map(({ dot }) => `${dot.origin} ${dot.seq}`).toSorted(), complete];
}

describe("news of a topic", () => {
  const rows = [
    [A1, 1],
    [A1, 4],
    [A2, 2],
    [B1, 3],
  ] as const;
  const touched = { [A1]: 4, [A2]: 2, [B1]: 3 };
  const log: Log = { rows, touched, vector: { [A1]: 5, [A2]: 2, [B1]: 9 } };

  test("are the entries that the vector does not cover", async () => {
    expect(await newSince(log, {})).toEqual([
      ["aaaaaaaa.1 1", "aaaaaaaa.1 4", "aaaaaaaa.2 2", "bbbbbbbb.1 3"],
      true,
    ]);
    expect(await newSince(log, { [A1]: 3, [B1]: 3 })).toEqual([
      ["aaaaaaaa.1 4", "aaaaaaaa.2 2"],
      true,
    ]);
    expect(await newSince(log, { [A1]: 5, [A2]: 2, [B1]: 9 })).toEqual([[], true]);
  });

  test("leave out an incarnation that a later one implies", async () => {
    expect(await newSince(log, { [A2]: 1, [B1]: 3 })).toEqual([["aaaaaaaa.2 2"], true]);
  });

  test("are cut to the newest where there are too many", async () => {
    expect(await newSince(log, { [A2]: 2 }, 1)).toEqual([["bbbbbbbb.1 3"], true]);
    expect(await newSince(log, { [B1]: 3 }, 1)).toEqual([["aaaaaaaa.2 2"], false]);
  });

  test("have the late tail of an incarnation whose successor the client knows already", async () => {
    const late: Log = {
      rows,
      touched: { [A1]: 4, [A2]: 2, [B1]: 3 },
      vector: { [A2]: 2, [B1]: 9 },
    };
    expect(await newSince(late, { [A1]: 1, [A2]: 2, [B1]: 9 })).toEqual([["aaaaaaaa.1 4"], true]);
    expect(await newSince(late, { [A1]: 4, [A2]: 2, [B1]: 9 })).toEqual([[], true]);
  });

  test("have what the newest of a topic rests on, though only that is named", async () => {
    const chain: Log = { rows, touched: { [B1]: 3 }, vector: { [A2]: 2, [B1]: 9 } };
    expect(await newSince(chain, { [A1]: 1 })).toEqual([
      ["aaaaaaaa.1 4", "aaaaaaaa.2 2", "bbbbbbbb.1 3"],
      true,
    ]);
    expect(await newSince(chain, { [A1]: 4, [A2]: 2, [B1]: 3 })).toEqual([[], true]);
  });
});
