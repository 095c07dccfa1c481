import { pause } from "../../e2e/support/box-process.ts";
import { FAIR } from "../network/wire.ts";
import type { Weather } from "../network/wire.ts";
import { CLIENTS } from "../network/wire.ts";
import { darken } from "../network/network.ts";
import type { Draw, Fault, Run } from "./fault.ts";
import { othersOf, pickMachine } from "./fault.ts";

const CUT: Weather = { ...FAIR, isCut: true };
/** So long that the boxes count their links as down, even where other faults are short. */
const LONG = 3;
/** How long a flapping cable stays as it is at most, seconds. */
const FLAP_SECONDS_MAX = 1.5;

export const isolate: Fault = {
  name: "isolate",
  about: "one box is cut off from the others; clients reach all of them",
  needs: [],
  isAlone: false,
  lasts: LONG,
  async strike(run, draw) {
    const machine = pickMachine(run, draw);
    run.timeline.note(`isolate: ${machine.name} for ${draw.seconds.toFixed(1)} s`);
    await run.network.isolate(run.mesh, machine.host);
    await lasting(run, draw);
  },
};

export const dark: Fault = {
  name: "dark",
  about: "one box is cut off from the others and from its clients: packets vanish",
  needs: ["packets"],
  isAlone: false,
  lasts: LONG,
  async strike(run, draw) {
    const machine = pickMachine(run, draw);
    run.timeline.note(`dark: ${machine.name} for ${draw.seconds.toFixed(1)} s`);
    darken(run.network, run.mesh, machine.host);
    machine.isDark = true;
    await run.workload.askTheOthers();
    await lasting(run, draw);
    machine.isDark = false;
  },
};

export const apart: Fault = {
  name: "apart",
  about: "all boxes are cut off from each other; clients reach all of them",
  needs: [],
  isAlone: false,
  lasts: 1,
  async strike(run, draw) {
    run.timeline.note(`apart: all boxes for ${draw.seconds.toFixed(1)} s`);
    for (const { host } of run.machines) await run.network.isolate(run.mesh, host);
    await lasting(run, draw);
  },
};

export const ring: Fault = {
  name: "ring",
  about: "two boxes do not reach each other, the third one reaches both",
  needs: ["packets"],
  isAlone: false,
  lasts: 1,
  async strike(run, draw) {
    const [one, other] = othersOf(run, pickMachine(run, draw));
    if (!one || !other) return;
    run.timeline.note(`ring: ${one.name} - ${other.name} for ${draw.seconds.toFixed(1)} s`);
    run.network.set(one.host, other.host, CUT);
    run.network.set(other.host, one.host, CUT);
    await lasting(run, draw);
  },
};

export const oneWay: Fault = {
  name: "one-way",
  about: "what one box sends to another one vanishes; the way back works",
  needs: ["packets"],
  isAlone: false,
  lasts: 1,
  async strike(run, draw) {
    const from = pickMachine(run, draw);
    const to = draw.prng.pick(othersOf(run, from));
    run.timeline.note(`one-way: ${from.name} > ${to.name} for ${draw.seconds.toFixed(1)} s`);
    run.network.set(from.host, to.host, CUT);
    await lasting(run, draw);
  },
};

export const flap: Fault = {
  name: "flap",
  about: "one box loses the others and finds them again every second or so",
  needs: [],
  isAlone: false,
  lasts: 1,
  async strike(run, { prng, seconds }) {
    const machine = prng.pick(run.machines);
    run.timeline.note(`flap: ${machine.name} for ${seconds.toFixed(1)} s`);
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end) {
      await run.network.isolate(run.mesh, machine.host);
      await pause(prng.between(0, FLAP_SECONDS_MAX) * 1000);
      await run.network.heal(run.mesh);
      await pause(prng.between(0, FLAP_SECONDS_MAX) * 1000);
    }
  },
};

export const slow: Fault = {
  name: "slow",
  about: "packets between the boxes, or also to the clients of one, are late by up to 3 s",
  needs: ["packets"],
  isAlone: false,
  lasts: 1,
  async strike(run, draw) {
    const { prng } = draw;
    const delayMs = Math.round(prng.between(50, 1500));
    const weather = { ...FAIR, delayMs, jitterMs: delayMs };
    const machine = prng.chance(0.5) ? prng.pick(run.machines) : undefined;
    run.timeline.note(`slow: ${delayMs} to ${2 * delayMs} ms${whom(machine?.name)}${lasts(draw)}`);
    betweenBoxes(run, weather);
    if (machine) toClients(run, machine.host, weather);
    await lasting(run, draw);
  },
};

export const lossy: Fault = {
  name: "lossy",
  about: "up to 30 % of all packets are lost, up to 30 % doubled, all overtake each other",
  needs: ["packets"],
  isAlone: false,
  lasts: 1,
  async strike(run, draw) {
    const { prng } = draw;
    const [loss, duplication] = [prng.between(0.05, 0.3), prng.between(0, 0.3)];
    const weather = { ...FAIR, loss, duplication, jitterMs: prng.between(1, 30) };
    const machine = prng.chance(0.5) ? prng.pick(run.machines) : undefined;
    const shares = `${percent(loss)} lost, ${percent(duplication)} doubled`;
    run.timeline.note(`lossy: ${shares}${whom(machine?.name)}${lasts(draw)}`);
    betweenBoxes(run, weather);
    if (machine) toClients(run, machine.host, weather);
    await lasting(run, draw);
  },
};

async function lasting({ network, mesh }: Run, { seconds }: Draw): Promise<void> {
  await pause(seconds * 1000);
  await network.heal(mesh);
}

function betweenBoxes(run: Run, weather: Weather): void {
  for (const { host } of run.machines) {
    for (const other of run.machines) run.network.set(host, other.host, weather);
  }
}

function toClients({ network }: Run, host: number, weather: Weather): void {
  network.set(host, CLIENTS, weather);
  network.set(CLIENTS, host, weather);
}

const whom = (name: string | undefined): string =>
  name === undefined ? " between the boxes" : ` between the boxes and to the clients of ${name}`;
const lasts = ({ seconds }: Draw): string => ` for ${seconds.toFixed(1)} s`;
const percent = (share: number): string => `${Math.round(share * 100)} %`;
