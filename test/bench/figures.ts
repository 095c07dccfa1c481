/** What one measurement found. */
export interface Figure {
  readonly benchmark: string;
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the project aims at, in the same unit. */
  readonly aim?: Aim;
}

export interface Aim {
  readonly bound: "at least" | "at most";
  readonly value: number;
}

/** Collects the figures of one benchmark. */
export class Figures {
  readonly list: Figure[] = [];
  readonly #benchmark: string;

  constructor(benchmark: string) {
    this.#benchmark = benchmark;
  }

  add(name: string, value: number, unit: string, aim?: Aim): void {
    this.list.push({ benchmark: this.#benchmark, name, value, unit, ...(aim ? { aim } : {}) });
  }

  /** Median and tails of times in milliseconds. */
  addTimes(name: string, times: readonly number[], aim?: Aim): void {
    this.add(`${name}, p50`, percentile(times, 50), "ms", aim);
    this.add(`${name}, p95`, percentile(times, 95), "ms");
    this.add(`${name}, p99`, percentile(times, 99), "ms");
  }
}

/** The value that `percent` of the values do not exceed. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1);
  return sorted[at] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(values, 50);
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

export function isMet({ value, aim }: Figure): boolean | undefined {
  if (!aim) return undefined;
  return aim.bound === "at least" ? value >= aim.value : value <= aim.value;
}
