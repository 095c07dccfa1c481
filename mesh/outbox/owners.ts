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
 * other while nobody has seen it for a while, or it has said for a while that it takes no writes. A box
 * that sees nobody does its own work and everybody's: on two sides of a split an effect may happen
 * twice, and happens at least once.
 */
export class Owners {
  readonly #deps: OwnersDeps;
  readonly #startedMs: number;
  /** When a box was last linked with this one or with one that said so, by `timers.elapsed`. */
  readonly #seenMs = new Map<BoxId, number>();
  /** Since when a box takes no writes, by its own word. */
  readonly #refusingMs = new Map<BoxId, number>();

  constructor(deps: OwnersDeps) {
    this.#deps = deps;
    this.#startedMs = deps.timers.elapsed();
  }

  /** Some box sees these, or saw them until now. */
  seen(boxes: Iterable<BoxId>): void {
    const now = this.#deps.timers.elapsed();
    for (const box of boxes) this.#seenMs.set(box, now);
  }

  /** A box, this one included, says whether it takes writes. */
  hear(box: BoxId, works: boolean): void {
    if (works) this.#refusingMs.delete(box);
    else if (!this.#refusingMs.has(box)) this.#refusingMs.set(box, this.#deps.timers.elapsed());
  }

  isAway(box: BoxId): boolean {
    const { self, linked, timers } = this.#deps;
    if (box === self || linked().includes(box)) return !this.#able().includes(box);
    const seen = this.#seenMs.get(box) ?? this.#startedMs;
    return timers.elapsed() - seen >= AWAY_MS;
  }

  /** Is it this box's turn to do what `box` began? */
  isOurs(box: BoxId): boolean {
    const { self } = this.#deps;
    if (!this.isAway(box)) return box === self;
    const able = this.#able();
    return (able.find((other) => other > box) ?? able[0]) === self;
  }

  /** Those that see each other and take writes, or did until now; where none does, all of them. */
  #able(): BoxId[] {
    const { self, linked, timers } = this.#deps;
    const here = [self, ...linked()].toSorted();
    const nowMs = timers.elapsed();
    const able = here.filter((box) => nowMs - (this.#refusingMs.get(box) ?? nowMs) < AWAY_MS);
    return able.length > 0 ? able : here;
  }
}
