import { describe, expect, test, vi } from "vitest";
import type { Command } from "../../../core/ports.ts";
import type { DocId } from "../../../core/transaction/records.ts";
import { AWAY_MS, RECORD_MS, TICK_MS } from "../../../mesh/outbox/constants.ts";
import { TARGETS } from "../../simulation/effect-sink.ts";
import { EffectBoxes } from "./effect-boxes.ts";

/** A link notices that the other side is gone, the box counts as away, and the next one looks. */
const TAKEN_OVER_MS = 12_000 + AWAY_MS + 2 * TICK_MS;
const [PHONE = "", TABLET = ""] = TARGETS;

const writeSomething: Command<boolean, void> = (draft, value) => {
  draft.setField("user:@somebody:hearth.test" as DocId, "account", "something", value);
};

describe("a box that takes no writes, since it is to copy a store", () => {
  const refuse = (boxes: EffectBoxes, index: number) => {
    const { node } = boxes.at(index);
    if (!node) throw new Error("the box does not run");
    return vi.spyOn(node.renewal, "report").mockReturnValue({ phase: "sending", done: 0 });
  };

  test("begins nothing until it takes them again", async () => {
    const boxes = await EffectBoxes.open(2);
    const event = await boxes.say(0);
    boxes.at(0).kill({ reset: false });
    const refusal = refuse(boxes, 1);
    await boxes.pass(2 * TAKEN_OVER_MS);
    expect(boxes.told(event)).toEqual([0, 0]);
    refusal.mockRestore();
    await boxes.pass(2 * TICK_MS);
    expect([boxes.told(event), boxes.tellers(event)]).toEqual([[1, 1], "b"]);
  });

  test("writes down what it did before", async () => {
    const boxes = await EffectBoxes.open();
    const event = await boxes.say(0);
    await boxes.pass(2000);
    expect([boxes.told(event), boxes.waiting(0).length]).toEqual([[1, 1], 1]);
    refuse(boxes, 0);
    await boxes.pass(RECORD_MS * 2);
    expect(boxes.waiting(0)).toEqual([]);
  });
});

describe("a box whose disk takes no writes", () => {
  /** What it took before waits for a target that fails until its disk is full. */
  async function full(count: number) {
    const boxes = await EffectBoxes.open(count);
    boxes.world.sink.failures.set(PHONE, 1);
    const event = await boxes.say(0);
    await boxes.pass(2000);
    boxes.at(0).disk.isFull = true;
    // Nobody knows before it is to write something.
    const { services } = boxes.at(0);
    const written = boxes.world.finish(services?.runner.run(writeSomething, true));
    await expect(written).rejects.toMatchObject({ status: 503 });
    return { boxes, event };
  }

  test("goes on with what it began, for as long as it would be away for", async () => {
    const { boxes, event } = await full(3);
    boxes.world.sink.failures.clear();
    await boxes.pass(AWAY_MS / 2);
    expect([boxes.tellers(event), boxes.tellers(event, TABLET)]).toEqual(["a", "a"]);
    boxes.at(0).disk.isFull = false;
    await boxes.pass(RECORD_MS * 3);
    expect([boxes.told(event), boxes.waiting(1)]).toEqual([[1, 1], []]);
  });

  test("leaves it to the others after that, until it takes writes again", async () => {
    const { boxes, event } = await full(3);
    await boxes.pass(TAKEN_OVER_MS);
    boxes.world.sink.failures.clear();
    await boxes.pass(RECORD_MS * 3);
    expect([boxes.tellers(event), boxes.tellers(event, TABLET)]).toEqual(["b", "a"]);
    boxes.at(0).disk.isFull = false;
    await boxes.pass(RECORD_MS);
    const later = await boxes.say(0);
    await boxes.pass(RECORD_MS * 3);
    expect([boxes.told(event), boxes.waiting(0)]).toEqual([[1, 1], []]);
    expect([boxes.told(later), boxes.tellers(later)]).toEqual([[1, 1], "a"]);
  });

  test("goes on where there is nobody else", async () => {
    const { boxes, event } = await full(1);
    await boxes.pass(TAKEN_OVER_MS);
    boxes.world.sink.failures.clear();
    await boxes.pass(RECORD_MS * 3);
    expect([boxes.told(event), boxes.waiting(0).length]).toEqual([[1, 1], 1]);
    boxes.at(0).disk.isFull = false;
    await boxes.pass(RECORD_MS * 2);
    expect([boxes.told(event), boxes.waiting(0)]).toEqual([[1, 1], []]);
  });
});
