import type { BoxId } from "../../core/ids.ts";
import type { Timers } from "../../core/ports.ts";
import { AWAY_MS } from "./constants.ts";

export interface OwnersDeps {
  readonly self: BoxId;
  /** Boxes linked with this one now. */
  readonly linked: () => readonly BoxId[];
  readonly timers: Timers;
}

/**
 * Which box does what a box began: that box itself, or the next one by ID among those that see each
 * other while nobody has seen it for a while. A box that sees nobody does its own work and everybody's:
 * on two sides of a split an effect may happen twice, and happens at least once.
 */
export class Owners {
  readonly #deps: OwnersDeps;
  readonly #startedMs: number;
  /** When a box was last linked with this one or with one that said so, by `timers.elapsed`. */
  readonly #seenMs = new Map<BoxId, number>();

  constructor(deps: OwnersDeps) {
    this.#deps = deps;
    this.#startedMs = deps.timers.elapsed();
  }

  /** Some box sees these, or saw them until now. */
  seen(boxes: Iterable<BoxId>): void {
    const now = this.#deps.timers.elapsed();
    for (const box of boxes) this.#seenMs.set(box, now);
  }

  isAway(box: BoxId): boolean {
    if (box === this.#deps.self || this.#deps.linked().includes(box)) return false;
    const seen = this.#seenMs.get(box) ?? this.#startedMs;
    return this.#deps.timers.elapsed() - seen >= AWAY_MS;
  }

  /** Is it this box's turn to do what `box` began? */
  isOurs(box: BoxId): boolean {
    const { self, linked } = this.#deps;
    if (box === self) return true;
    if (!this.isAway(box)) return false;
    const here = [self, ...linked()].toSorted();
    return (here.find((other) => other > box) ?? here[0]) === self;
  }
}
