import { expect, it } from "vitest";
import { DrillSwitch } from "../../../bin/box/drill.ts";
import type { BoxId } from "../../../core/ids.ts";
import { FakeTimers } from "../../mesh/transport/fake-timers.ts";

/** A switch on a network that only notes whether it is cut. */
function drillSwitch(write: () => Promise<void> = () => Promise.resolve()) {
  const timers = new FakeTimers();
  const network = { self: "aaaaaaaa" as BoxId, isCut: false };
  const transport = { self: network.self, isolate: (on: boolean) => void (network.isCut = on) };
  const drill = new DrillSwitch({ transport, timers, wallClock: () => timers.elapsed(), write });
  return { drill, timers, network };
}

it("ends by itself, whoever began it", async () => {
  const { drill, timers, network } = drillSwitch();
  expect(drill.isolate(60)).toEqual({ isolated: true, until: 60_000 });
  await timers.advance(59_999);
  expect(network.isCut).toBe(true);
  await timers.advance(1);
  expect([network.isCut, drill.state]).toEqual([false, { isolated: false, until: null }]);
  expect(timers.waiting).toBe(0);
});

it("can be ended early, and begun again", async () => {
  const { drill, timers, network } = drillSwitch();
  drill.isolate(60);
  drill.heal();
  expect([network.isCut, timers.waiting]).toEqual([false, 0]);
  drill.isolate(10);
  drill.isolate(30);
  await timers.advance(10_000);
  expect(network.isCut).toBe(true);
  await timers.advance(20_000);
  expect(network.isCut).toBe(false);
});

it("writes meanwhile, and counts what was taken and what was not", async () => {
  let broken = false;
  const write = (): Promise<void> => (broken ? Promise.reject(new Error("no")) : Promise.resolve());
  const { drill, timers } = drillSwitch(write);
  drill.isolate(60);
  await timers.advance(9_000);
  broken = true;
  await timers.advance(60_000);
  expect(drill.writes).toMatchObject({ accepted: 2, refused: 10 });
  broken = false;
  drill.takePart(1);
  await timers.advance(100_000);
  expect(drill.writes).toMatchObject({ accepted: 1, refused: 0 });
});

it("cuts nothing when it only takes part in the drill of another box", async () => {
  const { drill, timers, network } = drillSwitch();
  drill.takePart(60);
  await timers.advance(30_000);
  expect([network.isCut, drill.state.isolated]).toEqual([false, false]);
});
