import { expect, test } from "vitest";
import { AWAY_MS, TICK_MS } from "../../../mesh/outbox/constants.ts";
import { EffectBoxes } from "./effect-boxes.ts";

/** A link notices that the other side is gone, the box counts as away, and the next one looks. */
const TAKEN_OVER_MS = 12_000 + AWAY_MS + 2 * TICK_MS;
const DELAY_MS = 8000;

test("a delayed event is sent at its time, once, by the box that scheduled it", async () => {
  const boxes = await EffectBoxes.open();
  const delayed = await boxes.later(1, DELAY_MS);
  await boxes.pass(DELAY_MS - 100);
  expect(boxes.sent(delayed)).toEqual([]);
  await boxes.pass(1000);
  expect(boxes.sent(delayed)).toEqual(["b"]);
  await boxes.pass(TAKEN_OVER_MS);
  expect(boxes.sent(delayed)).toEqual(["b"]);
});

test("whichever box restarts it counts anew and sends it", async () => {
  const boxes = await EffectBoxes.open();
  const delayed = await boxes.later(0, DELAY_MS);
  for (let i = 0; i < 4; i++) {
    await boxes.pass(DELAY_MS / 2);
    await boxes.restart(i % 3, delayed);
  }
  expect(boxes.sent(delayed)).toEqual([]);
  await boxes.pass(DELAY_MS + 1000);
  expect(boxes.sent(delayed)).toEqual(["a"]);
});

test("when its box dies another one sends it, and the box does not when it comes back", async () => {
  const boxes = await EffectBoxes.open();
  const delayed = await boxes.later(2, DELAY_MS);
  await boxes.pass(1000);
  boxes.at(2).kill({ reset: false });
  await boxes.pass(TAKEN_OVER_MS);
  expect(boxes.sent(delayed)).toEqual(["a"]);
  await boxes.start(2);
  await boxes.pass(TAKEN_OVER_MS);
  expect(boxes.sent(delayed)).toEqual(["a"]);
});

test("when the disk of its box takes no writes another one sends it, and the box does not when it does again", async () => {
  const boxes = await EffectBoxes.open();
  const delayed = await boxes.later(1, DELAY_MS);
  boxes.at(1).disk.isFull = true;
  await boxes.pass(TAKEN_OVER_MS);
  expect(boxes.sent(delayed, 0)).toEqual(["c"]);
  boxes.at(1).disk.isFull = false;
  await boxes.pass(TAKEN_OVER_MS);
  expect([0, 1, 2].map((index) => boxes.sent(delayed, index))).toEqual([["c"], ["c"], ["c"]]);
});

test("a box whose disk takes writes again repeats no change of state that another one made meanwhile", async () => {
  const boxes = await EffectBoxes.open();
  await boxes.later(1, DELAY_MS, "m.room.topic");
  boxes.at(1).disk.isFull = true;
  await boxes.pass(TAKEN_OVER_MS);
  // It cannot be told of what the others wrote, though it knows that there is something.
  boxes.isolate(1);
  boxes.at(1).disk.isFull = false;
  await boxes.pass(11_000);
  boxes.world.network.heal();
  await boxes.pass(TAKEN_OVER_MS);
  expect([0, 1, 2].map((index) => boxes.made("m.room.topic", index))).toEqual([
    ["c"],
    ["c"],
    ["c"],
  ]);
});

test("a box that was off at its time sends it when it is back", async () => {
  const boxes = await EffectBoxes.open(1);
  const delayed = await boxes.later(0, DELAY_MS);
  await boxes.pass(1000);
  boxes.at(0).kill({ reset: true });
  await boxes.pass(DELAY_MS * 2);
  await boxes.start(0);
  await boxes.pass(TICK_MS * 2);
  expect(boxes.sent(delayed, 0)).toEqual(["a"]);
});

test("sent on both sides of a split it is one visible event, the same on every box", async () => {
  const boxes = await EffectBoxes.open();
  const delayed = await boxes.later(0, TAKEN_OVER_MS + DELAY_MS);
  boxes.isolate(0);
  await boxes.pass(TAKEN_OVER_MS + DELAY_MS + 2 * TICK_MS);
  expect(boxes.sent(delayed, 0)).toEqual(["a"]);
  expect(boxes.sent(delayed, 1)).toEqual(["b"]);
  boxes.world.network.heal();
  await boxes.pass(10_000);
  const shown = [0, 1, 2].map((index) => boxes.sent(delayed, index));
  expect(shown[0]).toHaveLength(1);
  expect([shown[1], shown[2]]).toEqual([shown[0], shown[0]]);
});

test("a cancelled one is never sent, on whatever box", async () => {
  const boxes = await EffectBoxes.open();
  const delayed = await boxes.later(0, DELAY_MS);
  await boxes.cancel(2, delayed);
  await boxes.pass(TAKEN_OVER_MS + DELAY_MS);
  expect([0, 1, 2].map((index) => boxes.sent(delayed, index))).toEqual([[], [], []]);
});
