import { describe, expect, test } from "vitest";
import type { BoxId } from "../../../core/ids.ts";
import { floorOf, originOf } from "../../../core/vector.ts";
import type { Vector } from "../../../core/vector.ts";
import {
  certainTails,
  CLOSE_AGAIN_MS,
  closeTails,
  TAILS_LAND_MS,
  TailCloser,
} from "../../../mesh/replica/tail-closer.ts";
import { boxOfName, openLedger, write } from "../journal/open-ledger.ts";
import { FakeTimers } from "../transport/fake-timers.ts";

const [A, B, C] = ["a", "b", "c"].map(boxOfName) as [BoxId, BoxId, BoxId];
const [A1, A2, A3] = [originOf(A, 1), originOf(A, 2), originOf(A, 3)];
const FLOOR = { origin: floorOf(A), seq: 0 };

describe("the ends of the earlier lives of a box", () => {
  const here = {
    vector: { [floorOf(A)]: 0, [A1]: 5, [A3]: 1, [originOf(B, 1)]: 9 } as Vector,
    positions: () =>
      new Map([
        [A1, 5],
        [A3, 1],
        [originOf(B, 1), 9],
      ]),
  };
  const tails = (heard: readonly (readonly [BoxId, Vector])[]) =>
    certainTails(A3, here, [A, B, C], new Map(heard));

  test("are certain once every other member has nothing of it that is missing here", () => {
    expect(
      tails([
        [B, { [floorOf(A)]: 0, [A1]: 5, [A3]: 1 } as Vector],
        [C, { [floorOf(A)]: 0, [A3]: 1 } as Vector],
      ]),
    ).toEqual([FLOOR, { origin: A1, seq: 5 }]);
  });

  test("are open while a member has said nothing, or nothing since it knows of this life", () => {
    const knowing = { [floorOf(A)]: 0, [A3]: 1 } as Vector;
    expect(tails([[B, knowing]])).toEqual([]);
    expect(
      tails([
        [B, knowing],
        [C, { [floorOf(A)]: 0, [A1]: 5 } as Vector],
      ]),
    ).toEqual([]);
  });

  test("are open while a member has more of a life, or a life that was forgotten here", () => {
    const knowing = { [floorOf(A)]: 0, [A3]: 1 } as Vector;
    for (const more of [{ [A1]: 6 }, { [A1]: 5, [A2]: 1 }]) {
      expect(
        tails([
          [B, { ...knowing, ...more } as Vector],
          [C, knowing],
        ]),
      ).toEqual([]);
    }
  });

  test("are certain at once for a box that is alone", () => {
    expect(certainTails(A3, here, [A], new Map())).toEqual([FLOOR, { origin: A1, seq: 5 }]);
  });
});

describe("a tail closer", () => {
  async function closing(members: readonly BoxId[], isWhole = (): boolean => true) {
    const first = await openLedger();
    await write(first, "one");
    const box = await openLedger({ disk: first.disk, incarnation: 3 });
    await box.ledger.beginLife();
    const timers = new FakeTimers();
    const quiet = (): void => undefined;
    const disk = { isFull: false };
    const closer = new TailCloser({
      ledger: box.ledger,
      runner: {
        run: async (command, input) => {
          if (disk.isFull) throw new Error("no space left on device");
          const { reply, written } = box.ledger.commit(command, input);
          await written;
          return reply;
        },
      },
      timers,
      logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
      members: () => members,
      isWhole,
    });
    closer.start();
    return { ledger: box.ledger, timers, closer, disk };
  }

  test("closes a lone box's earlier lives when nothing of them can be under way any more", async () => {
    const { ledger, timers } = await closing([A]);
    await timers.advance(TAILS_LAND_MS - 1);
    expect(ledger.hasOpenLives).toBe(true);
    await timers.advance(1);
    expect(ledger.hasOpenLives).toBe(false);
    expect([ledger.closedAt(A1), ledger.closedAt(floorOf(A))]).toEqual([1, 0]);
  });

  test("tries again where a lone box's disk refused", async () => {
    const { ledger, timers, disk } = await closing([A]);
    disk.isFull = true;
    await timers.advance(TAILS_LAND_MS + CLOSE_AGAIN_MS);
    expect(ledger.hasOpenLives).toBe(true);
    disk.isFull = false;
    await timers.advance(CLOSE_AGAIN_MS);
    expect(ledger.hasOpenLives).toBe(false);
    await timers.advance(CLOSE_AGAIN_MS);
    expect(timers.waiting).toBe(0);
  });

  test("counts only what boxes say after that", async () => {
    const { ledger, timers, closer } = await closing([A, B]);
    const said = { [floorOf(A)]: 0, [ledger.life]: 1 } as Vector;
    closer.heard(B, said);
    await timers.advance(TAILS_LAND_MS);
    expect(ledger.hasOpenLives).toBe(true);
    closer.heard(B, said);
    await timers.advance(1);
    expect(ledger.hasOpenLives).toBe(false);
  });

  test("closes nothing while the box may still find what it lost", async () => {
    let isWhole = false;
    const { ledger, timers, closer } = await closing([A, B], () => isWhole);
    await timers.advance(TAILS_LAND_MS);
    const said = { [floorOf(A)]: 0, [ledger.life]: 1 } as Vector;
    closer.heard(B, said);
    await timers.advance(1);
    expect(ledger.hasOpenLives).toBe(true);
    isWhole = true;
    closer.heard(B, said);
    await timers.advance(1);
    expect(ledger.hasOpenLives).toBe(false);
  });

  test("writes nothing once all is closed, or after it was stopped", async () => {
    const { ledger, timers, closer } = await closing([A]);
    await timers.advance(TAILS_LAND_MS);
    const written = ledger.lastOwn;
    closer.heard(B, {});
    await timers.advance(TAILS_LAND_MS);
    expect(ledger.lastOwn).toEqual(written);
    const other = await closing([A]);
    other.closer.stop();
    await other.timers.advance(TAILS_LAND_MS);
    expect(other.ledger.hasOpenLives).toBe(true);
  });
});

test("a life is closed once, whoever asks for it again", async () => {
  const { ledger } = await openLedger({ incarnation: 3 });
  await ledger.commit(closeTails, [{ origin: A1, seq: 3 }]).written;
  expect(ledger.commit(closeTails, [{ origin: A1, seq: 4 }]).dot).toBeUndefined();
  expect(ledger.closedAt(A1)).toBe(3);
});
