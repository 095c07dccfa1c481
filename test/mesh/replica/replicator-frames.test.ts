import { afterEach, expect, test, vi } from "vitest";
import { TELL_MS, VECTOR_INTERVAL_MS } from "../../../mesh/replica/constants.ts";
import { TransportError } from "../../../mesh/transport/transport.ts";
import { FAIR } from "../../simulation/options.ts";
import { SimTransport } from "../../simulation/sim-transport.ts";
import { World } from "../../simulation/world.ts";
import { note } from "../journal/open-ledger.ts";

/** What the first letters of frames stand for; see `mesh/replica/frames.ts`. */
const VECTOR = "v".codePointAt(0);
const ENTRIES = "e".codePointAt(0);
const WRITES = 20;

afterEach(() => vi.restoreAllMocks());

/** Three boxes that have all; every frame sent from then on, by its sender. */
async function watchedMesh() {
  const world = new World("frames", { boxes: 3, faults: {}, weather: FAIR, ack: "reachable" });
  await world.open();
  const hasMet = (): boolean =>
    world.boxes.every(({ node }) => node?.replicator.vectors().size === 2) && world.hasConverged;
  expect(await world.clock.run(world.clock.nowMs + 30_000, hasMet)).toBe(true);
  await world.clock.run(world.clock.nowMs + 1000);
  const sent = vi.spyOn(SimTransport.prototype, "send");
  const count = (kind: number | undefined, from: number, to: number): number =>
    sent.mock.calls.filter(([box, , frame], i) => {
      const sender = sent.mock.contexts[i] as SimTransport | undefined;
      const isFrom = sender?.self === world.boxes[from]?.id;
      return isFrom && box === world.boxes[to]?.id && frame[0] === kind;
    }).length;
  return { world, count };
}

test("what gossip brings does not go by a stream as well", async () => {
  const { world, count } = await watchedMesh();
  for (let i = 0; i < WRITES; i++) {
    await world.finish(world.boxes[i % 3]?.node?.runner.run(note, `note ${i}`));
  }
  await world.clock.run(world.clock.nowMs + 1000);
  expect(world.hasConverged).toBe(true);
  expect([count(ENTRIES, 0, 1), count(ENTRIES, 1, 2), count(ENTRIES, 2, 0)]).toEqual([0, 0, 0]);
});

test("the maker of an entry hears at once that it arrived, the others now and then", async () => {
  const { world, count } = await watchedMesh();
  const start = world.clock.nowMs;
  for (let i = 0; i < WRITES; i++) {
    await world.finish(world.boxes[0]?.node?.runner.run(note, `note ${i}`));
  }
  const elapsedMs = world.clock.nowMs - start;
  expect(elapsedMs).toBeLessThan(VECTOR_INTERVAL_MS);
  expect(count(VECTOR, 1, 0)).toBeGreaterThanOrEqual(WRITES);
  expect(count(VECTOR, 1, 2)).toBeLessThanOrEqual(1 + elapsedMs / TELL_MS);
});

test("an entry that no frame holds is told of loudly, once for each box", async () => {
  const { world } = await watchedMesh();
  vi.restoreAllMocks();
  const { send } = SimTransport.prototype;
  let tries = 0;
  vi.spyOn(SimTransport.prototype, "publish").mockReturnValue();
  vi.spyOn(SimTransport.prototype, "send").mockImplementation(function (
    this: SimTransport,
    ...[box, channel, frame]: Parameters<SimTransport["send"]>
  ) {
    if (frame[0] !== ENTRIES) return send.call(this, box, channel, frame);
    tries++;
    return Promise.reject(new TransportError("too_large", "over the limit"));
  });
  await world.finish(world.boxes[0]?.node?.runner.run(note, "long"));
  await world.clock.run(world.clock.nowMs + 4 * VECTOR_INTERVAL_MS);
  expect(tries).toBeGreaterThan(4);
  const story = `${world.boxes[0]?.id} logs an error: a batch of entries was not sent`;
  const loud = world.violations.filter(({ what }) => what.startsWith(story));
  expect(loud).toHaveLength(2);
});
