import type { Topic } from "../../core/tables.ts";
import type { Dot } from "../../core/vector.ts";
import type { Entry } from "./entry.ts";

/** An entry whose effects are on disk. */
export interface Flushed extends Entry {
  readonly topics: ReadonlySet<Topic>;
  /** Made by this life of this box. */
  readonly own: boolean;
}

export interface Committed<R> {
  readonly reply: R;
  /** Absent when the command changed nothing. */
  readonly dot: Dot | undefined;
  /** Resolves when the transaction, and everything the reply was read from, is on disk. */
  readonly written: Promise<void>;
}
