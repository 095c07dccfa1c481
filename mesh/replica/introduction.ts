import type { BoxId } from "../../core/ids.ts";
import type { Timers } from "../../core/ports.ts";
import { floorOf, includes, ofBox } from "../../core/vector.ts";
import type { Vector } from "../../core/vector.ts";
import type { Ledger } from "../journal/ledger.ts";

/** What a box began before it knew of a new one is on its disk by then, or was refused, milliseconds. */
export const LANDS_MS = 3000;

export interface IntroductionDeps {
  readonly ledger: Pick<Ledger, "vector" | "closedAt">;
  readonly self: BoxId;
  readonly members: () => readonly BoxId[];
  readonly timers: Pick<Timers, "elapsed">;
}

/**
 * Does every member know of this box, and is here what each did before it knew? A box is linked only with those that
 * know it. Before, what is divided among the boxes may have been divided among fewer elsewhere, and what fell to
 * this one here may have fallen to another one there, and been given away.
 */
export class Introduction {
  readonly #deps: IntroductionDeps;
  /** `timers.elapsed()` of the first word of each member. */
  readonly #met = new Map<BoxId, number>();
  /** What each said later that it has made itself. */
  readonly #said = new Map<BoxId, Vector>();
  #isOver = false;

  constructor(deps: IntroductionDeps) {
    this.#deps = deps;
  }

  /** A connected box has said what it has on disk. */
  heard(box: BoxId, vector: Vector): void {
    if (this.#isOver) return;
    const now = this.#deps.timers.elapsed();
    const met = this.#met.get(box) ?? now;
    this.#met.set(box, met);
    if (now - met >= LANDS_MS) this.#said.set(box, ofBox(box, vector));
  }

  get isOver(): boolean {
    const { ledger, self, members } = this.#deps;
    // Whoever has closed the time before its first life has heard from all, in this life or an earlier one.
    this.#isOver ||= ledger.closedAt(floorOf(self)) !== undefined;
    this.#isOver ||= members().every((box) => box === self || this.#hasAllOf(box));
    return this.#isOver;
  }

  #hasAllOf(box: BoxId): boolean {
    const said = this.#said.get(box);
    return said !== undefined && includes(this.#deps.ledger.vector, said);
  }
}
