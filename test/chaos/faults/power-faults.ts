import { pause } from "../../e2e/support/box-process.ts";
import { fault, faultOfOne, lasting, othersOf, shuffled } from "./fault.ts";

/** A box that boots is killed at any time from its first line to its first answer, seconds. */
const BOOT_SECONDS_MAX = 1.5;

/** The power of one box goes: its process is dead, and no packet says so. */
export const powerCut = faultOfOne({
  name: "power-cut",
  about: "one box is killed (-9) and silent, then starts again",
  async strikeAt(machine, run, draw) {
    run.timeline.note(`power-cut: ${machine.name} ${lasting(draw)}`);
    const silence = run.network.disturb(run.mesh);
    // Without packets to touch, the kernel resets the connections of the dead process.
    if (run.network.touchesPackets) silence.darken(machine.host);
    await machine.cutPower();
    await run.workload.askTheOthers();
    await pause(draw.seconds * 1000);
    await silence.lift();
    await machine.powerOn();
  },
});

export const alone = faultOfOne({
  name: "alone",
  about: "two boxes are killed (-9) and silent; the third one goes on by itself",
  isAlone: true,
  lasts: 2,
  async strikeAt(left, run, draw) {
    const lost = othersOf(run, left);
    run.timeline.note(`alone: ${left.name} ${lasting(draw)}`);
    const silence = run.network.disturb(run.mesh);
    for (const { host } of lost) if (run.network.touchesPackets) silence.darken(host);
    await Promise.all(lost.map((machine) => machine.cutPower()));
    await run.workload.askTheOthers();
    await pause(draw.seconds * 1000);
    await silence.lift();
    await Promise.all(lost.map((machine) => machine.powerOn()));
  },
});

export const blackout = fault({
  name: "blackout",
  about: "all boxes are killed at once, some again while they boot, and start in any order",
  isAlone: true,
  async strike(run, { prng, seconds }) {
    run.timeline.note("blackout: all boxes");
    await Promise.all(run.machines.map((machine) => machine.cutPower()));
    await pause((seconds * 1000) / 4);
    const order = shuffled(prng, run.machines);
    for (const machine of order) {
      machine.switchOn();
      if (!prng.chance(0.6)) continue;
      const bootSeconds = prng.between(0, BOOT_SECONDS_MAX);
      await pause(bootSeconds * 1000);
      run.timeline.note(
        `blackout: ${machine.name} killed after booting ${bootSeconds.toFixed(2)} s`,
      );
      await machine.cutPower();
      machine.switchOn();
    }
    run.timeline.note(`blackout: back in the order ${order.map(({ name }) => name).join()}`);
    await Promise.all(order.map((machine) => machine.untilServing()));
  },
});

export const restart = faultOfOne({
  name: "restart",
  about: "one box is stopped in order and started again",
  async strikeAt(machine, run) {
    run.timeline.note(`restart: ${machine.name}`);
    await machine.stop();
    await machine.powerOn();
  },
});

export const freeze = faultOfOne({
  name: "freeze",
  about: "one box stands still (SIGSTOP), then goes on as if nothing had been",
  lasts: 2,
  async strikeAt(machine, run, draw) {
    run.timeline.note(`freeze: ${machine.name} ${lasting(draw)}`);
    machine.freeze();
    await pause(draw.seconds * 1000);
    machine.thaw();
  },
});
