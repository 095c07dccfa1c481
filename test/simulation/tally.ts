import { isObject } from "../../core/json.ts";
import type { Json, JsonObject } from "../../core/json.ts";
import { FAULTS_MIN, OPERATIONS_MIN } from "./options.ts";
import type { SimResult } from "./simulate.ts";
import { sorted } from "./world.ts";

type Counts = Record<string, number>;

/** A seed that broke a rule. */
export interface Failure {
  readonly seed: string;
  readonly story: readonly string[];
}

/** Rules that are told of one failed seed, and the length of each. */
const STORY_LINES_MAX = 3;
const STORY_LENGTH_MAX = 600;

/** What many runs came to: only sums, so that tallies of parts add up to that of the whole. */
export class Tally {
  seeds = 0;
  readonly failures: Failure[] = [];
  readonly boxes: Counts = {};
  readonly faults: Counts = {};
  readonly requests: Counts = {};
  /** Times that a box died, and of these while it wrote to its disk. */
  readonly deaths: Counts = {};
  /** Simulated tenths of a second from healing to equal boxes, and how many runs took them. */
  readonly waits: Counts = {};
  /** Seeds with `FAULTS_MIN` faults and `OPERATIONS_MIN` requests at least. */
  long = 0;
  /** Requests that reached a box, each try and each sync counted. */
  operations = 0;
  events = 0;
  simulatedMs = 0;

  add(result: SimResult): void {
    const { seed, violations, options, convergedMs } = result;
    this.seeds++;
    if (violations.length > 0) {
      const lines = violations.map(({ rule, what }) => `${rule}: ${what}`);
      const story = lines.slice(0, STORY_LINES_MAX).map((line) => line.slice(0, STORY_LENGTH_MAX));
      this.failures.push({ seed, story });
    }
    addAll(this.boxes, { [options.boxes]: 1 });
    for (const name of ["faults", "requests", "deaths"] as const) addAll(this[name], result[name]);
    if (!Number.isNaN(convergedMs)) addAll(this.waits, { [Math.ceil(convergedMs / 100)]: 1 });
    const isLong = total(result.faults) >= FAULTS_MIN && result.operations >= OPERATIONS_MIN;
    if (isLong) this.long++;
    this.operations += result.operations;
    this.events += result.events;
    this.simulatedMs += result.simulatedMs;
  }

  merge(other: Tally): void {
    this.seeds += other.seeds;
    this.failures.push(...other.failures);
    for (const name of COUNTS) addAll(this[name], other[name]);
    this.long += other.long;
    this.operations += other.operations;
    this.events += other.events;
    this.simulatedMs += other.simulatedMs;
  }

  /** Simulated seconds from healing to equal boxes, within which a share of the runs were. */
  waitAt(share: number): number {
    const rows = Object.entries(this.waits).map(([tenths, count]) => [Number(tenths), count]);
    let left = share * total(this.waits);
    for (const [tenths = 0, count = 0] of rows.toSorted(([a = 0], [b = 0]) => a - b)) {
      left -= count;
      if (left <= 0) return tenths / 10;
    }
    return Number.NaN;
  }

  get line(): string {
    return `${this.seeds} seeds, ${this.failures.length} failed`;
  }

  /** The whole, a line each. */
  get text(): string {
    const at = (share: number): string => this.waitAt(share).toFixed(1);
    return [
      this.line,
      `boxes: ${list(this.boxes)}`,
      `faults: ${total(this.faults)} (${list(this.faults)})`,
      `boxes died: ${list(this.deaths)}`,
      `of ${FAULTS_MIN} faults and ${OPERATIONS_MIN} requests at least: ${this.long}`,
      `requests that reached a box: ${this.operations}, syncs among them`,
      `requests but for syncs: ${total(this.requests)} (${list(this.requests)})`,
      `simulated: ${(this.simulatedMs / 3_600_000).toFixed(1)} h, ${this.events} events`,
      `seconds from healing to equal boxes: median ${at(0.5)}, 99 % ${at(0.99)}, longest ${at(1)}`,
    ].join("\n");
  }

  toJSON(): JsonObject {
    const { seeds, long, operations, events, simulatedMs } = this;
    const failures = this.failures.map(({ seed, story }) => ({ seed, story: [...story] }));
    const counts = Object.fromEntries(COUNTS.map((name) => [name, this[name]]));
    return { seeds, long, operations, events, simulatedMs, failures, ...counts };
  }

  /** From `toJSON`, out of another thread or a log of this program. */
  static from(value: Json | undefined): Tally {
    const tally = new Tally();
    if (!isObject(value)) throw new Error("this is no tally");
    const { seeds, long, operations, events, simulatedMs, failures } = value;
    Object.assign(tally, { seeds, long, operations, events, simulatedMs });
    tally.failures.push(...((failures ?? []) as unknown as Failure[]));
    for (const name of COUNTS) addAll(tally[name], (value[name] ?? {}) as Counts);
    return tally;
  }
}

const COUNTS = ["boxes", "faults", "requests", "deaths", "waits"] as const;

export function total(counts: Readonly<Counts>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function list(counts: Readonly<Counts>): string {
  return sorted(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(", ");
}

function addAll(counts: Counts, more: Readonly<Counts>): void {
  for (const [name, by] of Object.entries(more)) counts[name] = (counts[name] ?? 0) + by;
}
