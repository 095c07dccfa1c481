import { expect, test } from "vitest";
import { originOf } from "../../../core/vector.ts";
import type { Origin } from "../../../core/vector.ts";
import {
  OPEN_LIVES_MAX,
  PAUSE_MS_MAX,
  PAUSE_STEP_MS,
  pauseBeforeLife,
  takePause,
} from "../../../mesh/journal/life-pace.ts";
import { MemoryDisk, MemoryStore } from "../../../mesh/store/memory-store.ts";
import { VECTOR_KEY } from "../../../mesh/store/mesh-keys.ts";
import { StateStore } from "../../../mesh/store/overlay.ts";
import { FakeTimers } from "../transport/fake-timers.ts";
import { boxOfName } from "./open-ledger.ts";

const NOW_MS = Date.UTC(2026, 0, 1);
const DAY_MS = 24 * 3_600_000;
const [A, B] = [boxOfName("a"), boxOfName("b")];
const quiet = (): void => undefined;
const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

/** A store whose vector names so many lives of a box, the last of which began now. */
async function storeWith(lives: number, box = A): Promise<{ store: MemoryStore; last: Origin }> {
  const store = new MemoryStore(new MemoryDisk());
  const named = Array.from({ length: lives }, (_, i) => [originOf(box, NOW_MS - i), 1]);
  const value = JSON.stringify(Object.fromEntries(named));
  await store.batch([{ type: "put", key: VECTOR_KEY, value }]);
  return { store, last: originOf(A, NOW_MS) };
}

test.each([
  [1, 0],
  [OPEN_LIVES_MAX, 0],
  [OPEN_LIVES_MAX + 1, PAUSE_STEP_MS],
  [OPEN_LIVES_MAX + 30, 30 * PAUSE_STEP_MS],
  [2000, PAUSE_MS_MAX],
])("a box of which %i lives are open waits %i ms before the next one", async (lives, ms) => {
  const { store, last } = await storeWith(lives);
  expect(pauseBeforeLife(store, last, NOW_MS)?.ms ?? 0).toBe(ms);
});

test("the lives of others, and a first life, make nobody wait", async () => {
  const { store, last } = await storeWith(2000, B);
  expect(pauseBeforeLife(store, last, NOW_MS)).toBeUndefined();
  expect(pauseBeforeLife(store, undefined, NOW_MS)).toBeUndefined();
});

test("a box that has lived for a while waits less, or not at all", async () => {
  const { store, last } = await storeWith(2000);
  expect(pauseBeforeLife(store, last, NOW_MS + 60_000)?.ms).toBe(PAUSE_MS_MAX - 60_000);
  expect(pauseBeforeLife(store, last, NOW_MS + PAUSE_MS_MAX)).toBeUndefined();
});

test("a box that dies at once, all the time, needs more than a week to 2,000 open lives", () => {
  let ms = 0;
  for (let open = OPEN_LIVES_MAX; open < 2000; open++) {
    ms += Math.min(PAUSE_MS_MAX, (open - OPEN_LIVES_MAX) * PAUSE_STEP_MS);
  }
  expect(ms).toBeGreaterThan(11 * DAY_MS);
});

test("a pause that is over is not taken again, though the clock is behind the last life", async () => {
  const { store, last } = await storeWith(2000);
  const pause = pauseBeforeLife(store, last, NOW_MS - DAY_MS);
  expect(pause).toEqual({ after: last, ms: PAUSE_MS_MAX });
  if (!pause) return;
  const timers = new FakeTimers();
  const over = Promise.withResolvers<void>();
  let isOver = false;
  takePause({ state: new StateStore(store), timers, logger }, pause, () => {
    isOver = true;
    over.resolve();
  });
  await timers.advance(PAUSE_MS_MAX - 1);
  expect(isOver).toBe(false);
  await timers.advance(1);
  await over.promise;
  expect(pauseBeforeLife(store, last, NOW_MS - DAY_MS)).toBeUndefined();
});
