import type { Command, Logger, Runner, Timers } from "../../core/ports.ts";
import { effects } from "../../core/tables.ts";
import type { EffectPlace, SettledRecord } from "../../core/transaction/records.ts";
import { boxOf, incarnationOf } from "../../core/vector.ts";
import { SETTLED_PLACES_MAX } from "../journal/entry.ts";
import { HEARD_MAX, RECORD_EFFECTS, RECORD_MS } from "./constants.ts";
import { nameOf, outcomesOf, recordsOf } from "./waiting.ts";
import type { Outcome, PlaceName } from "./waiting.ts";

/** Command: writes down what is over. What somebody else has written down is left out. */
const writeSettled: Command<readonly SettledRecord[], void> = (draft, records) => {
  for (const record of records) {
    const { lane, origin } = record;
    const waits = ([seq, index]: EffectPlace): boolean =>
      draft.get(effects, [lane, boxOf(origin), incarnationOf(origin), seq, index]) !== undefined;
    const done = record.done.filter(waits);
    const owed = record.owed.filter(([place]) => waits(place));
    if (done.length + owed.length > 0) draft.stage({ ...record, done, owed });
  }
};

export interface SettlementsDeps {
  readonly runner: Runner;
  readonly timers: Timers;
  readonly logger: Logger;
  /** Tells the other boxes, at once and without any promise that they hear it. */
  readonly announce: (records: readonly SettledRecord[]) => void;
}

/** What is over and not written down yet, here and, as far as they said so, on other boxes. */
export class Settlements {
  readonly #deps: SettlementsDeps;
  readonly #own = new Map<PlaceName, Outcome>();
  readonly #heard = new Map<PlaceName, Outcome>();
  #timer: { cancel(): void } | undefined;
  #writing: Promise<void> | undefined;
  #stopped = false;

  constructor(deps: SettlementsDeps) {
    this.#deps = deps;
  }

  /** What is known of an effect that still waits in the store. */
  get(name: PlaceName): Outcome | undefined {
    return this.#own.get(name) ?? this.#heard.get(name);
  }

  /** Records for a box that may know none of it, no more than fits into one frame each. */
  all(): SettledRecord[][] {
    const outcomes = [...this.#heard.values(), ...this.#own.values()];
    const frames: SettledRecord[][] = [];
    for (let at = 0; at < outcomes.length; at += SETTLED_PLACES_MAX) {
      frames.push(recordsOf(outcomes.slice(at, at + SETTLED_PLACES_MAX)));
    }
    return frames;
  }

  note(outcome: Outcome): void {
    this.#own.set(nameOf(outcome.effect), outcome);
    this.#deps.announce(recordsOf([outcome]));
    if (this.#own.size >= RECORD_EFFECTS) void this.write();
    else this.#timer ??= this.#deps.timers.after(RECORD_MS, () => void this.write());
  }

  /** Another box has said what is over. */
  hear(record: SettledRecord): void {
    for (const outcome of outcomesOf(record)) {
      this.#heard.delete(nameOf(outcome.effect));
      this.#heard.set(nameOf(outcome.effect), outcome);
      const [oldest] = this.#heard.keys();
      if (this.#heard.size > HEARD_MAX && oldest !== undefined) this.#heard.delete(oldest);
    }
  }

  /** A record is on disk. */
  written(record: SettledRecord): void {
    for (const outcome of outcomesOf(record)) {
      const name = nameOf(outcome.effect);
      this.#heard.delete(name);
      // More may have been reached since the record was made.
      const own = this.#own.get(name);
      if (own && own.owedTo.length >= outcome.owedTo.length) this.#own.delete(name);
    }
  }

  /** Writes down what is over. Resolves also when that failed, and is tried again later. */
  async write(): Promise<void> {
    if (this.#stopped) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
    await this.#writing;
  }

  /** Nothing is written from here on. */
  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  async #write(): Promise<void> {
    const { runner, timers, logger } = this.#deps;
    try {
      while (this.#own.size > 0 && !this.#stopped) {
        const part = [...this.#own].slice(0, SETTLED_PLACES_MAX);
        await runner.run(writeSettled, recordsOf(part.map(([, outcome]) => outcome)));
        // Also those that were written down by others, which make no record.
        for (const [name, outcome] of part) {
          if (this.#own.get(name) === outcome) this.#own.delete(name);
        }
      }
    } catch (error) {
      logger.warn({ err: error }, "what was done for others was not written down");
      if (!this.#stopped) this.#timer ??= timers.after(RECORD_MS, () => void this.write());
    }
  }
}
