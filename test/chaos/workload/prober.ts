import { pause } from "../../e2e/support/box-process.ts";
import { call } from "../../e2e/support/client.ts";
import type { Machine } from "../machine.ts";

const PROBE_EVERY_MS = 250;
/** Later is no answer, milliseconds. */
const ANSWER_MS_MAX = 1000;

/** From when to when, milliseconds of one clock. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Asks one box again and again for something that needs its data, and notes when it did not answer. */
export class Prober {
  readonly machine: Machine;
  /** When it did not answer, oldest first. */
  readonly gaps: Span[] = [];
  readonly #token: string;
  #lastAnswer = performance.now();
  #hasStopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(machine: Machine, token: string) {
    this.machine = machine;
    this.#token = token;
  }

  start(): void {
    this.#lastAnswer = performance.now();
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#hasStopped = true;
    await this.#running;
    this.#close();
  }

  async #run(): Promise<void> {
    while (!this.#hasStopped) {
      const asked = performance.now();
      if (await this.#answers()) {
        this.#close();
        this.#lastAnswer = performance.now();
      }
      await pause(Math.max(0, asked + PROBE_EVERY_MS - performance.now()));
    }
  }

  /** What lies between two answers is a gap when a whole question was not answered in it. */
  #close(): void {
    const now = performance.now();
    if (now - this.#lastAnswer > ANSWER_MS_MAX + PROBE_EVERY_MS) {
      this.gaps.push({ from: this.#lastAnswer, to: now });
    }
  }

  async #answers(): Promise<boolean> {
    const url = `${this.machine.box.url}/_matrix/client/v3/joined_rooms`;
    try {
      return (await call("GET", url, { token: this.#token, waitMs: ANSWER_MS_MAX })).status === 200;
    } catch {
      return false;
    }
  }
}

/** The longest time in which none of them answered, milliseconds. */
export function longestCommonGap(ofEach: readonly (readonly Span[])[]): number {
  const [first = [], ...others] = ofEach;
  let common: readonly Span[] = first;
  for (const spans of others) {
    common = common.flatMap((one) =>
      spans
        .map((other) => ({ from: Math.max(one.from, other.from), to: Math.min(one.to, other.to) }))
        .filter(({ from, to }) => to > from),
    );
  }
  return Math.max(0, ...common.map(({ from, to }) => to - from));
}
