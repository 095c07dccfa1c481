import { pause } from "../e2e/support/box-process.ts";
import type { Prng } from "../simulation/prng.ts";
import type { Fault, Run } from "./faults/fault.ts";
import { shuffled } from "./faults/fault.ts";

/** How long a fault lasts at least and at most on average, seconds. */
const LASTS_S_MIN = 2;
const LASTS_S_MAX = 8;
/** Of the time that one fault has, so much is the outage; the rest is for healing. */
const OUTAGE_SHARE = 0.45;
/** How often a second fault joins, once each has struck alone. */
const TOGETHER_CHANCE = 0.3;
/** How often the next fault comes before all boxes have caught up, once each has struck alone. */
const HASTY_CHANCE = 0.3;
const HASTY_PAUSE_MS_MAX = 2000;

/** On a machine that is slow, what has not struck by then is left out; as many times what was asked for. */
const OVERTIME = 2.5;

/** Lets one fault strike after the other until the time is over and each has struck. */
export class Campaign {
  /** How often each fault struck. */
  readonly struck = new Map<string, number>();
  readonly #run: Run;
  readonly #faults: readonly Fault[];
  readonly #prng: Prng;
  readonly #seconds: number;

  constructor(run: Run, faults: readonly Fault[], prng: Prng, seconds: number) {
    this.#run = run;
    this.#faults = faults;
    this.#prng = prng;
    this.#seconds = seconds;
  }

  /** Faults for which the machine was too slow. */
  get missed(): string[] {
    return this.#faults.map(({ name }) => name).filter((name) => !this.struck.has(name));
  }

  async run(): Promise<void> {
    const { timeline } = this.#run;
    const end = timeline.seconds + this.#seconds;
    for (let round = 1; round === 1 || timeline.seconds < end; round++) {
      const bag = shuffled(this.#prng, this.#faults);
      const until = round === 1 ? this.#seconds * OVERTIME : end;
      while (bag.length > 0 && timeline.seconds < until) await this.#next(bag, round > 1);
    }
  }

  async #next(bag: Fault[], isLater: boolean): Promise<void> {
    const first = bag.pop();
    if (!first) return;
    const isJoined = isLater && this.#prng.chance(TOGETHER_CHANCE);
    const at = isJoined && !first.isAlone ? bag.findIndex(({ isAlone }) => !isAlone) : -1;
    await Promise.all(
      [first, ...bag.splice(at, at < 0 ? 0 : 1)].map((fault) => this.#strike(fault)),
    );
    await this.#run.network.heal(this.#run.mesh);
    const isNextAlone = bag.at(-1)?.isAlone ?? true;
    if (isLater && !isNextAlone && this.#prng.chance(HASTY_CHANCE)) {
      await pause(this.#prng.between(0, HASTY_PAUSE_MS_MAX));
      return;
    }
    await this.#converge();
  }

  async #strike(fault: Fault): Promise<void> {
    const { struck } = this;
    struck.set(fault.name, (struck.get(fault.name) ?? 0) + 1);
    const perFault = (this.#seconds / this.#faults.length) * OUTAGE_SHARE;
    const average = Math.min(LASTS_S_MAX, Math.max(LASTS_S_MIN, perFault));
    const seconds = average * fault.lasts * this.#prng.between(0.75, 1.5);
    const prng = this.#prng.fork(`${fault.name} ${struck.get(fault.name)}`);
    try {
      await fault.strike(this.#run, { prng, seconds });
    } catch (error) {
      this.#run.incident(`${fault.name}: ${String(error)}`);
      this.#run.timeline.note(`${fault.name} failed: ${String(error)}`);
      await this.#recover();
    }
  }

  async #converge(): Promise<void> {
    const { workload, timeline, incident } = this.#run;
    try {
      await workload.untilConverged();
      timeline.note(`  all boxes have all of it after ${lastSeconds(workload.convergenceMs)} s`);
    } catch (error) {
      incident(`not converged: ${String(error)}`);
      timeline.note(`  not converged: ${String(error)}`);
      await this.#recover();
    }
  }

  /** After a defect the run goes on with all boxes up, to show what else there is. */
  async #recover(): Promise<void> {
    const { network, mesh, machines, incident } = this.#run;
    await network.heal(mesh).catch((error: unknown) => incident(String(error)));
    for (const machine of machines) {
      await machine
        .recover()
        .catch((error: unknown) => incident(`${machine.name}: ${String(error)}`));
    }
  }
}

function lastSeconds(ms: readonly number[]): string {
  return ((ms.at(-1) ?? 0) / 1000).toFixed(1);
}
