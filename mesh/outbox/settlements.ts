import type { Command, Logger, Runner, Timers, View } from "../../core/ports.ts";
import { effects } from "../../core/tables.ts";
import type { EffectPlace, SettledRecord } from "../../core/transaction/records.ts";
import { boxOf, incarnationOf } from "../../core/vector.ts";
import { SETTLED_PLACES_MAX } from "../journal/entry.ts";
import { HEARD_MAX, RECORD_EFFECTS, RECORD_MS } from "./constants.ts";
import { nameOf, outcomesOf, owedByBoth, recordsOf } from "./waiting.ts";
import type { Outcome, PlaceName } from "./waiting.ts";

/** Does it still wait in the store? */
function waits(
  view: Pick<View, "get">,
  { lane, origin }: SettledRecord,
  place: EffectPlace,
): boolean {
  const key = [lane, boxOf(origin), incarnationOf(origin), ...place] as const;
  return view.get(effects, [...key]) !== undefined;
}

/** Command: writes down what is over. What somebody else has written down is left out. */
const writeSettled: Command<readonly SettledRecord[], void> = (draft, records) => {
  for (const record of records) {
    const done = record.done.filter((place) => waits(draft, record, place));
    const owed = record.owed.filter(([place]) => waits(draft, record, place));
    if (done.length + owed.length > 0) draft.stage({ ...record, done, owed });
  }
};

/** What two boxes, or one at two times, say of the same effect. */
function together(known: Outcome | undefined, said: Outcome): Outcome {
  return { effect: said.effect, owedTo: owedByBoth(said.owedTo, known?.owedTo) };
}

/** Does `outcome` leave nothing to say for `other`? */
function saysAll(outcome: Outcome, other: Outcome): boolean {
  return outcome.owedTo.every((target) => other.owedTo.includes(target));
}

export interface SettlementsDeps {
  readonly state: Pick<View, "get">;
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
    const heard = this.#heard.get(name);
    return heard ? together(this.#own.get(name), heard) : this.#own.get(name);
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

  note(said: Outcome): void {
    const name = nameOf(said.effect);
    const outcome = together(this.#own.get(name), said);
    this.#own.set(name, outcome);
    this.#deps.announce(recordsOf([outcome]));
    if (this.#own.size >= RECORD_EFFECTS) void this.write();
    else this.#timer ??= this.#deps.timers.after(RECORD_MS, () => void this.write());
  }

  /** Another box has said what is over. */
  hear(record: SettledRecord): void {
    for (const said of outcomesOf(record)) {
      const name = nameOf(said.effect);
      // Words overtake each other, and come from several boxes.
      const outcome = together(this.#heard.get(name), said);
      this.#heard.delete(name);
      this.#heard.set(name, outcome);
      const [oldest] = this.#heard.keys();
      if (this.#heard.size > HEARD_MAX && oldest !== undefined) this.#heard.delete(oldest);
    }
  }

  /** A record is on disk. */
  written(record: SettledRecord): void {
    for (const outcome of outcomesOf(record)) {
      const name = nameOf(outcome.effect);
      const isOver = !waits(this.#deps.state, record, outcome.effect.place);
      for (const known of [this.#own, this.#heard]) {
        // More may have been reached than the record says.
        const more = known.get(name);
        if (isOver || (more && saysAll(outcome, more))) known.delete(name);
      }
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
