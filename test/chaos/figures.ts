import type { Request } from "./evidence.ts";
import { longestCommonGap } from "./workload/prober.ts";
import type { Prober } from "./workload/prober.ts";

/** How people fared. */
export interface Measured {
  /** By how many boxes were dark: requests, and how many of them were served. */
  readonly served: readonly {
    readonly dark: number;
    readonly of: number;
    readonly served: number;
  }[];
  /** Of each box, seconds without an answer. */
  readonly silentSeconds: readonly { readonly box: string; readonly seconds: number }[];
  readonly noBoxSeconds: number;
  readonly seconds: number;
  readonly firstAnswerSeconds: Spread;
  readonly convergenceSeconds: Spread;
}

export interface Spread {
  readonly count: number;
  readonly median: number;
  readonly most: number;
}

export class Figures {
  readonly #probers: readonly Prober[];
  readonly #startedAt = performance.now();

  constructor(probers: readonly Prober[]) {
    this.#probers = probers;
  }

  of(
    requests: readonly Request[],
    { firstAnswerMs, convergenceMs }: { firstAnswerMs: number[]; convergenceMs: number[] },
  ): Measured {
    const served = [0, 1, 2].map((dark) => {
      const such = requests.filter((request) => request.dark === dark);
      return { dark, of: such.length, served: such.filter(({ isServed }) => isServed).length };
    });
    const silentSeconds = this.#probers.map(({ machine, gaps }) => ({
      box: machine.name,
      seconds: gaps.reduce((sum, { from, to }) => sum + to - from, 0) / 1000,
    }));
    return {
      served,
      silentSeconds,
      noBoxSeconds: longestCommonGap(this.#probers.map(({ gaps }) => gaps)) / 1000,
      seconds: (performance.now() - this.#startedAt) / 1000,
      firstAnswerSeconds: spreadOf(firstAnswerMs),
      convergenceSeconds: spreadOf(convergenceMs),
    };
  }
}

function spreadOf(ms: readonly number[]): Spread {
  const sorted = ms.toSorted((a, b) => a - b).map((one) => one / 1000);
  return {
    count: sorted.length,
    median: sorted[Math.floor(sorted.length / 2)] ?? 0,
    most: sorted.at(-1) ?? 0,
  };
}
