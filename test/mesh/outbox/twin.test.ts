import { expect, test } from "vitest";
import { AWAY_MS, TICK_MS } from "../../../mesh/outbox/constants.ts";
import { TwinLane } from "../../../core/rooms/twin-lane.ts";
import type { EventId } from "../../../core/ids.ts";
import { EffectBoxes } from "./effect-boxes.ts";
import type { ToldEvent } from "./effect-boxes.ts";

/** A link notices that the other side is gone, the box counts as away. */
const APART_MS = 12_000 + AWAY_MS + 2 * TICK_MS;
/** Boxes look for what is to be done once a minute. */
const DONE_MS = 120_000;

/** A request that a client repeated on the other side of a split. */
async function sentTwice(boxes: EffectBoxes): Promise<[EventId, EventId]> {
  boxes.isolate(0);
  await boxes.pass(APART_MS);
  const first = await boxes.say(0, "same");
  await boxes.pass(10);
  return [first, await boxes.say(1, "same")];
}

/** The messages that are left of what a client was told. */
function left(told: readonly ToldEvent[]): EventId[] {
  const gone = new Set(told.map(({ content }) => content.redacts));
  return told
    .filter(({ type, event_id: id }) => type === "m.room.message" && !gone.has(id))
    .map(({ event_id: id }) => id);
}

test("a message that both sides of a split took is left once with those who were told of both", async () => {
  const boxes = await EffectBoxes.open();
  const before = await Promise.all([boxes.sync(0), boxes.sync(1)]);
  const [shown, hidden] = await sentTwice(boxes);
  // One client hears of it on each side, and goes over to a box of the other one.
  const here = await boxes.sync(0, before[0].next);
  const there = await boxes.sync(1, before[1].next);
  expect([left(here.told), left(there.told)]).toEqual([[shown], [hidden]]);
  boxes.world.network.heal();
  await boxes.pass(DONE_MS);
  const [hereThen, thereThen] = [await boxes.sync(2, here.next), await boxes.sync(0, there.next)];
  expect(left([...here.told, ...hereThen.told])).toEqual([shown]);
  expect(left([...there.told, ...thereThen.told])).toEqual([shown]);
  const redactions = hereThen.told.filter(({ type }) => type === "m.room.redaction");
  expect(redactions).toHaveLength(1);
  for (const index of [0, 1, 2]) {
    expect(boxes.stored(index, hidden)).toMatchObject({
      hidden: "duplicate",
      redactedBy: redactions[0]?.event_id,
    });
    expect(boxes.stored(index, shown).redactedBy).toBeUndefined();
    expect(boxes.waiting(index)).toEqual([]);
  }
});

test("when the box of the twin is gone another one takes it back", async () => {
  const boxes = await EffectBoxes.open();
  const [, hidden] = await sentTwice(boxes);
  boxes.world.network.heal();
  await boxes.pass(2000);
  boxes.at(1).kill({ reset: false });
  await boxes.pass(APART_MS + DONE_MS);
  expect(boxes.stored(0, hidden).redactedBy).toBeDefined();
  expect(boxes.stored(2, hidden).redactedBy).toBe(boxes.stored(0, hidden).redactedBy);
});

test("the twins of a room wait for nothing but that room, however many they are", async () => {
  const boxes = await EffectBoxes.open();
  const [, hidden] = await sentTwice(boxes);
  const { services } = boxes.at(1);
  if (!services) throw new Error("the box does not serve");
  const lane = new TwinLane(services);
  expect(await lane.targetsOf({ event: hidden })).toEqual([boxes.stored(1, hidden).room]);
  expect(lane.waitingMax).toBe(Infinity);
});

test("a message that was repeated while boxes saw each other is one event, and nothing is taken back", async () => {
  const boxes = await EffectBoxes.open();
  const ids = [await boxes.say(0, "same"), await boxes.say(1, "same"), await boxes.say(2, "same")];
  expect(new Set(ids).size).toBe(1);
  await boxes.pass(DONE_MS);
  const { told } = await boxes.sync(1);
  expect(told.filter(({ type }) => type === "m.room.redaction")).toEqual([]);
});
