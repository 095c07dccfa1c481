import { describe, expect, test } from "vitest";
import { NOTIFICATIONS_KEPT_MS } from "../../../core/push/constants.ts";
import type { DocId } from "../../../core/transaction/records.ts";
import { AWAY_MS, RECORD_MS, TICK_MS } from "../../../mesh/outbox/constants.ts";
import { TARGETS } from "../../simulation/effect-sink.ts";
import { EffectBoxes } from "./effect-boxes.ts";

/** A link notices that the other side is gone, the box counts as away, and the next one looks. */
const TAKEN_OVER_MS = 12_000 + AWAY_MS + 2 * TICK_MS;
const [PHONE = "", TABLET = ""] = TARGETS;

describe("with all boxes up", () => {
  test("each effect is done once, by the box that took the request", async () => {
    const boxes = await EffectBoxes.open();
    const events = [await boxes.say(0), await boxes.say(1), await boxes.say(2)];
    await boxes.pass(RECORD_MS * 3);
    expect(events.map((event) => boxes.told(event))).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
    expect(events.map((event) => boxes.tellers(event))).toEqual(["a", "b", "c"]);
    expect([0, 1, 2].flatMap((index) => boxes.waiting(index))).toEqual([]);
  });

  test("what is done is written down in groups", async () => {
    const boxes = await EffectBoxes.open();
    const before = boxes.records;
    for (let i = 0; i < 40; i++) await boxes.say(0);
    await boxes.pass(RECORD_MS * 3);
    expect(boxes.records - before).toBe(1);
  });

  test("without anybody who wants to be told nothing waits and nothing is written", async () => {
    const boxes = await EffectBoxes.open();
    const box = boxes.at(0);
    await boxes.world.finish(
      box.services?.runner.run((draft) => {
        draft.setField("user:@listener:hearth.test" as DocId, "pushers", "app\u001fkey", undefined);
      }, undefined),
    );
    const before = boxes.records;
    const event = await boxes.say(0);
    expect(boxes.waiting(0)).toEqual([]);
    await boxes.pass(RECORD_MS * 3);
    expect([boxes.told(event), boxes.records]).toEqual([[0, 0], before]);
  });
});

describe("a box that dies", () => {
  test("before it has done what it acknowledged is followed by one of the others", async () => {
    const boxes = await EffectBoxes.open();
    const event = await boxes.say(0);
    boxes.at(0).kill({ reset: false });
    expect(boxes.told(event)).toEqual([0, 0]);
    await boxes.pass(TAKEN_OVER_MS);
    expect(boxes.told(event)).toEqual([1, 1]);
    expect(boxes.tellers(event)).toBe("b");
    await boxes.pass(RECORD_MS * 2);
    expect([boxes.waiting(1), boxes.waiting(2)]).toEqual([[], []]);
    await boxes.start(0);
    await boxes.pass(RECORD_MS * 2);
    expect([boxes.told(event), boxes.waiting(0)]).toEqual([[1, 1], []]);
  });

  test("after it has, but before that is written down, is not repeated: the others were told", async () => {
    const boxes = await EffectBoxes.open();
    const event = await boxes.say(0);
    await boxes.pass(2000);
    expect(boxes.told(event)).toEqual([1, 1]);
    expect(boxes.waiting(1)).toHaveLength(1);
    boxes.at(0).kill({ reset: false });
    await boxes.pass(TAKEN_OVER_MS + RECORD_MS * 2);
    expect([boxes.told(event), boxes.waiting(1)]).toEqual([[1, 1], []]);
  });

  test("and comes back soon finds out from the others what it had done, and does the rest", async () => {
    const boxes = await EffectBoxes.open();
    const done = await boxes.say(0);
    await boxes.pass(2000);
    for (const target of TARGETS) boxes.world.sink.failures.set(target, 1);
    const open = await boxes.say(0);
    boxes.at(0).kill({ reset: true });
    boxes.world.sink.failures.clear();
    await boxes.start(0);
    await boxes.pass(TAKEN_OVER_MS + RECORD_MS * 2);
    expect([boxes.told(done), boxes.told(open)]).toEqual([
      [1, 1],
      [1, 1],
    ]);
    expect(boxes.tellers(open)).toBe("a");
  });

  test("alone, with nobody to ask, repeats what it had not written down", async () => {
    const boxes = await EffectBoxes.open(1);
    const event = await boxes.say(0);
    await boxes.pass(2000);
    boxes.at(0).kill({ reset: true });
    await boxes.start(0);
    await boxes.pass(TAKEN_OVER_MS);
    expect(boxes.told(event)).toEqual([2, 2]);
  });

  test("of its own accord writes down what it did", async () => {
    const boxes = await EffectBoxes.open();
    await boxes.say(0);
    await boxes.pass(2000);
    await boxes.world.finish(boxes.at(0).stop());
    await boxes.pass(100);
    expect([boxes.waiting(1), boxes.waiting(2)]).toEqual([[], []]);
  });
});

describe("a disk", () => {
  test("that is put back to an earlier copy repeats nothing", async () => {
    const boxes = await EffectBoxes.open();
    const event = await boxes.say(0);
    boxes.at(0).disk.makeBackup();
    await boxes.pass(RECORD_MS * 2);
    expect([boxes.told(event), boxes.waiting(1)]).toEqual([[1, 1], []]);
    boxes.at(0).kill({ reset: true });
    boxes.at(0).disk.restoreBackup();
    expect(boxes.waiting(0)).toHaveLength(1);
    await boxes.start(0);
    await boxes.pass(TAKEN_OVER_MS);
    expect([boxes.told(event), boxes.waiting(0)]).toEqual([[1, 1], []]);
  });

  test("that is new is filled with what waits, and its box can take over", async () => {
    const boxes = await EffectBoxes.open(2);
    boxes.world.sink.failures.set(PHONE, 1);
    const event = await boxes.say(0);
    await boxes.pass(2000);
    boxes.at(1).kill({ reset: true });
    boxes.at(1).disk.replace();
    await boxes.start(1);
    await boxes.pass(2000);
    boxes.at(0).kill({ reset: false });
    boxes.world.sink.failures.clear();
    await boxes.pass(TAKEN_OVER_MS);
    expect(boxes.tellers(event)).toBe("b");
    // The other target was reached before; the new disk had only word of it.
    expect(boxes.tellers(event, TABLET)).toBe("a");
  });
});

describe("a split", () => {
  test("does not keep either side from doing what it began", async () => {
    const boxes = await EffectBoxes.open();
    boxes.isolate(0);
    await boxes.pass(TAKEN_OVER_MS);
    const [here, there] = [await boxes.say(0), await boxes.say(1)];
    await boxes.pass(2000);
    expect([boxes.tellers(here), boxes.tellers(there)]).toEqual(["a", "b"]);
    boxes.world.network.heal();
    await boxes.pass(RECORD_MS * 3);
    expect([boxes.told(here), boxes.told(there)]).toEqual([
      [1, 1],
      [1, 1],
    ]);
    expect(boxes.waiting(2)).toEqual([]);
  });

  test("in which only one link is cut gives nobody else's work to anybody", async () => {
    const boxes = await EffectBoxes.open();
    boxes.world.sink.failures.set(PHONE, 1);
    const event = await boxes.say(0);
    const [a, b] = [boxes.at(0).id, boxes.at(1).id];
    boxes.world.network.block(a, b);
    boxes.world.network.block(b, a);
    await boxes.pass(TAKEN_OVER_MS * 2);
    boxes.world.sink.failures.clear();
    await boxes.pass(10 * 60_000);
    expect([boxes.tellers(event), boxes.tellers(event, TABLET)]).toEqual(["a", "a"]);
  });

  test("may have both sides do what waited when it began", async () => {
    const boxes = await EffectBoxes.open();
    boxes.world.sink.failures.set(PHONE, 1);
    const event = await boxes.say(0);
    await boxes.pass(2000);
    boxes.isolate(0);
    boxes.world.sink.failures.clear();
    await boxes.pass(10 * 60_000);
    expect(["ab", "ba"]).toContain(boxes.tellers(event));
    expect(boxes.tellers(event, TABLET)).toBe("a");
  });
});

describe("a target that fails", () => {
  test("is tried with growing waits, and keeps no other one waiting", async () => {
    const boxes = await EffectBoxes.open();
    boxes.world.sink.failures.set(PHONE, 1);
    const [first, second] = [await boxes.say(0), await boxes.say(0)];
    await boxes.pass(20_000);
    expect([boxes.told(first), boxes.told(second)]).toEqual([
      [0, 1],
      [0, 1],
    ]);
    boxes.world.sink.failures.clear();
    await boxes.pass(40_000);
    expect([boxes.told(first), boxes.told(second)]).toEqual([
      [1, 1],
      [1, 1],
    ]);
    const [one, two] = [first, second].map((event) => boxes.world.sink.of(event, PHONE)[0]?.atMs);
    expect(one).toBeLessThan(two ?? 0);
  });

  test("is owed what it missed by the box that takes over, and only that", async () => {
    const boxes = await EffectBoxes.open();
    boxes.world.sink.failures.set(PHONE, 1);
    const event = await boxes.say(0);
    await boxes.pass(RECORD_MS * 2);
    expect(boxes.waiting(1).map((text) => (JSON.parse(text) as { only?: unknown }).only)).toEqual([
      [PHONE],
    ]);
    boxes.at(0).kill({ reset: false });
    boxes.world.sink.failures.clear();
    await boxes.pass(TAKEN_OVER_MS);
    expect([boxes.tellers(event), boxes.tellers(event, TABLET)]).toEqual(["b", "a"]);
  });

  test("is given up after a day", async () => {
    const boxes = await EffectBoxes.open(1);
    boxes.world.sink.failures.set(PHONE, 1);
    const event = await boxes.say(0);
    await boxes.pass(NOTIFICATIONS_KEPT_MS + 3_600_000);
    expect([boxes.told(event), boxes.waiting(0)]).toEqual([[0, 1], []]);
    boxes.world.sink.failures.clear();
    await boxes.pass(3_600_000);
    expect(boxes.told(event)).toEqual([0, 1]);
  });
});
