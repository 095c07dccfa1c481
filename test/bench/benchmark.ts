import type { Figures } from "./figures.ts";

/** How much is measured. */
export interface Effort {
  readonly quick: boolean;
  /** Tells the person who waits what is being done. */
  note(text: string): void;
}

/** One measurement, by its name on the command line. */
export interface Benchmark {
  readonly name: string;
  readonly about: string;
  run(figures: Figures, effort: Effort): Promise<void> | void;
}
