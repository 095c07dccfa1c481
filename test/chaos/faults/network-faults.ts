import { pause } from "../../e2e/support/box-process.ts";
import type { Machine } from "../machine.ts";
import { CLIENTS, FAIR } from "../network/wire.ts";
import type { Weather } from "../network/wire.ts";
import type { Disturbance } from "../network/network.ts";
import type { Draw, Run } from "./fault.ts";
import { fault, faultOfOne, lasting, othersOf } from "./fault.ts";

const CUT: Weather = { ...FAIR, isCut: true };
/** So long that the boxes count their links as down, even where other faults are short. */
const LONG = 3;
/** How long a flapping cable stays as it is at most, seconds. */
const FLAP_SECONDS_MAX = 1.5;

export const isolate = faultOfOne({
  name: "isolate",
  about: "one box is cut off from the others; clients reach all of them",
  lasts: LONG,
  async strikeAt(machine, run, draw) {
    run.timeline.note(`isolate: ${machine.name} ${lasting(draw)}`);
    const disturbance = run.network.disturb(run.mesh);
    await disturbance.isolate(machine.host);
    await leave(disturbance, draw);
  },
});

export const dark = faultOfOne({
  name: "dark",
  about: "one box is cut off from the others and from its clients: packets vanish",
  needs: ["packets"],
  lasts: LONG,
  async strikeAt(machine, run, draw) {
    run.timeline.note(`dark: ${machine.name} ${lasting(draw)}`);
    const disturbance = run.network.disturb(run.mesh);
    disturbance.darken(machine.host);
    machine.isDark = true;
    await run.workload.askTheOthers();
    await leave(disturbance, draw);
    machine.isDark = false;
  },
});

export const apart = fault({
  name: "apart",
  about: "all boxes are cut off from each other; clients reach all of them",
  async strike(run, draw) {
    run.timeline.note(`apart: all boxes ${lasting(draw)}`);
    const disturbance = run.network.disturb(run.mesh);
    for (const { host } of run.machines) await disturbance.isolate(host);
    await leave(disturbance, draw);
  },
});

export const ring = faultOfOne({
  name: "ring",
  about: "two boxes do not reach each other, the third one reaches both",
  needs: ["packets"],
  async strikeAt(between, run, draw) {
    const [one, other] = othersOf(run, between);
    if (!one || !other) return;
    run.timeline.note(`ring: ${one.name} - ${other.name} ${lasting(draw)}`);
    const disturbance = run.network.disturb(run.mesh);
    disturbance.set(one.host, other.host, CUT);
    disturbance.set(other.host, one.host, CUT);
    await leave(disturbance, draw);
  },
});

export const oneWay = faultOfOne({
  name: "one-way",
  about: "what one box sends to another one vanishes; the way back works",
  needs: ["packets"],
  async strikeAt(from, run, draw) {
    const to = draw.prng.pick(othersOf(run, from));
    run.timeline.note(`one-way: ${from.name} > ${to.name} ${lasting(draw)}`);
    const disturbance = run.network.disturb(run.mesh);
    disturbance.set(from.host, to.host, CUT);
    await leave(disturbance, draw);
  },
});

export const flap = faultOfOne({
  name: "flap",
  about: "one box loses the others and finds them again every second or so",
  async strikeAt(machine, run, draw) {
    const { prng, seconds } = draw;
    run.timeline.note(`flap: ${machine.name} ${lasting(draw)}`);
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end) {
      const disturbance = run.network.disturb(run.mesh);
      await disturbance.isolate(machine.host);
      await pause(prng.between(0, FLAP_SECONDS_MAX) * 1000);
      await disturbance.lift();
      await pause(prng.between(0, FLAP_SECONDS_MAX) * 1000);
    }
  },
});

export const slow = fault({
  name: "slow",
  about:
    "packets between the boxes are late by up to 30 s, or also to the clients of one by up to 3 s",
  needs: ["packets"],
  async strike(run, draw) {
    const { prng } = draw;
    const isCrawling = prng.chance(0.3);
    const delayMs = Math.round(isCrawling ? prng.between(1500, 15_000) : prng.between(50, 1500));
    const weather = { ...FAIR, delayMs, jitterMs: delayMs };
    const machine = !isCrawling && prng.chance(0.5) ? prng.pick(run.machines) : undefined;
    run.timeline.note(
      `slow: ${delayMs} to ${2 * delayMs} ms${whom(machine?.name)} ${lasting(draw)}`,
    );
    await leave(disturb(run, machine, weather), draw);
  },
});

export const lossy = fault({
  name: "lossy",
  about: "up to 30 % of all packets are lost, up to 50 % doubled, all overtake each other",
  needs: ["packets"],
  async strike(run, draw) {
    const { prng } = draw;
    const [loss, duplication] = [prng.between(0.05, 0.3), prng.between(0, 0.5)];
    const weather = { ...FAIR, loss, duplication, jitterMs: prng.between(1, 30) };
    const machine = prng.chance(0.5) ? prng.pick(run.machines) : undefined;
    const shares = `${percent(loss)} lost, ${percent(duplication)} doubled`;
    run.timeline.note(`lossy: ${shares}${whom(machine?.name)} ${lasting(draw)}`);
    await leave(disturb(run, machine, weather), draw);
  },
});

async function leave(disturbance: Disturbance, { seconds }: Draw): Promise<void> {
  await pause(seconds * 1000);
  await disturbance.lift();
}

/** Between all boxes, and to the clients of one if there is one. */
function disturb(run: Run, machine: Machine | undefined, weather: Weather): Disturbance {
  const disturbance = run.network.disturb(run.mesh);
  for (const { host } of run.machines) {
    for (const other of run.machines) disturbance.set(host, other.host, weather);
  }
  if (machine) {
    disturbance.set(machine.host, CLIENTS, weather);
    disturbance.set(CLIENTS, machine.host, weather);
  }
  return disturbance;
}

const whom = (name: string | undefined): string =>
  name === undefined ? " between the boxes" : ` between the boxes and to the clients of ${name}`;
const percent = (share: number): string => `${Math.round(share * 100)} %`;
