import { MatrixError } from "../../core/errors.ts";
import type { Logger } from "../../core/ports.ts";
import type { Origin } from "../../core/vector.ts";
import type { HybridClock } from "../clock/hybrid-clock.ts";
import { BadEntryError, parseEntry } from "../journal/entry.ts";
import type { Entry } from "../journal/entry.ts";
import type { Ledger } from "../journal/ledger.ts";
import { REFUSED_MAX } from "./constants.ts";
import { WaitingRoom } from "./waiting-room.ts";

export interface IntakeDeps {
  readonly ledger: Ledger;
  readonly clock: HybridClock;
  readonly logger: Logger;
}

/** An entry that cannot be applied, and why. */
interface Refused {
  readonly text: string;
  readonly reason: string;
}

/**
 * Takes in entries from wherever and has the ledger apply them, in order and after their causes.
 * 1. An entry that is wrong costs nothing but itself: the right one of its place is still taken.
 * 2. What cannot be applied yet waits, bounded, and never keeps out what can.
 */
export class Intake {
  readonly #deps: IntakeDeps;
  readonly #waiting = new WaitingRoom();
  /** Of some origins, the entry that could not be applied: another one may take its place. */
  readonly #refused = new Map<Origin, Refused>();
  #complaints = 0;

  constructor(deps: IntakeDeps) {
    this.#deps = deps;
  }

  /** Resolves when those that could be applied are on disk. */
  async take(texts: readonly string[]): Promise<void> {
    for (const text of texts) {
      try {
        this.#admit(parseEntry(text));
      } catch (error) {
        if (!(error instanceof BadEntryError)) throw error;
        this.complain({ err: error }, "dropped a journal entry that is none");
      }
    }
    this.applyReady();
    await this.#deps.ledger.settled().catch(() => undefined);
    if (this.#waiting.size > 0) this.applyReady();
  }

  /** Origins with an entry that cannot be applied here, and why; their later entries wait. */
  refused(): ReadonlyMap<Origin, string> {
    return new Map([...this.#refused].map(([origin, { reason }]) => [origin, reason]));
  }

  /** Logs the 1st, 2nd, 4th, 8th …: a member that sends only garbage must not fill the disk. */
  complain(fields: Readonly<Record<string, unknown>>, message: string): void {
    this.#complaints++;
    const isPowerOfTwo = (this.#complaints & (this.#complaints - 1)) === 0;
    if (isPowerOfTwo) this.#deps.logger.warn({ ...fields, dropped: this.#complaints }, message);
  }

  #admit(entry: Entry): void {
    const { ledger, clock } = this.#deps;
    const { origin, seq, time } = entry.transaction;
    if (ledger.has({ origin, seq }) || this.#refused.get(origin)?.text === entry.text) return;
    if (origin === ledger.life) {
      return this.complain({ origin, seq }, "dropped an entry of this box that it never made");
    }
    if (!clock.observe(time)) {
      return this.complain({ origin, seq }, "dropped an entry from too far in the future");
    }
    this.#waiting.add(entry);
  }

  /** Applies what waits and has all its causes, until nothing more can be applied. */
  applyReady(): void {
    const { ledger } = this.#deps;
    for (let progress = true; progress;) {
      progress = false;
      for (const origin of this.#waiting.origins()) {
        for (;;) {
          const next = (ledger.lastApplied(origin) ?? 0) + 1;
          this.#waiting.dropThrough(origin, next - 1);
          const entry = this.#waiting.peek(origin, next);
          if (!entry || !ledger.isReady(entry)) break;
          if (!this.#apply(entry)) return;
          this.#waiting.take(origin, next);
          progress = true;
        }
      }
    }
    this.#dropWhatIsOver();
  }

  /**
   * What a box has heard of an earlier life of another one must be on its disk, or not be: on this word
   * the life is closed. So none of it waits; whoever has it on a disk sends it again.
   */
  #dropWhatIsOver(): void {
    for (const origin of this.#waiting.origins()) {
      if (this.#deps.ledger.isOver(origin)) {
        this.#waiting.dropThrough(origin, Number.POSITIVE_INFINITY);
      }
    }
  }

  /** False when the disk cannot take more now. */
  #apply(entry: Entry): boolean {
    try {
      void this.#deps.ledger.apply(entry).catch(() => undefined);
      this.#refused.delete(entry.transaction.origin);
      return true;
    } catch (error) {
      if (error instanceof MatrixError) return false;
      if (!(error instanceof BadEntryError)) throw error;
      this.#refuse(entry, error);
      return true;
    }
  }

  /** Remembers one entry of each origin: it will come again, and need not be tried or told of again. */
  #refuse({ transaction, text }: Entry, error: BadEntryError): void {
    const { origin, seq } = transaction;
    this.#refused.delete(origin);
    const oldest = this.#refused.keys().next().value;
    if (this.#refused.size >= REFUSED_MAX && oldest !== undefined) this.#refused.delete(oldest);
    this.#refused.set(origin, { text, reason: error.message });
    this.complain({ err: error, origin, seq }, "refused a journal entry");
  }
}
