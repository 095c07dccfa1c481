import type { BoxId } from "../../core/ids.ts";

/** What the verb `verify` answers: what was compared, and what differs. */
export interface VerifyReport {
  /**
   * - `equal`: every box of the mesh was compared, and all have the same, but for `being_written`
   * - `differs`: named below
   * - `unsure`: no difference was found, but not everything could be compared
   */
  readonly outcome: "equal" | "differs" | "unsure";
  readonly duration_ms: number;
  /** Rows compared on each box. */
  readonly rows: number;
  /** The boxes were read with the same entries; otherwise what differed was looked at again. */
  readonly same_moment: boolean;
  /** All members, sorted by name. */
  readonly boxes: readonly ComparedBoxStatus[];
  readonly differences: readonly RowDifference[];
  /** More rows differed at first than were looked at again: `differences` need not be all. */
  readonly more: boolean;
  /** Rows that people went on writing on every box, so that they were never the same at one look. */
  readonly being_written: readonly RowName[];
  /** Rows that had not arrived everywhere, or stood still on some boxes only: none is known to differ. */
  readonly undecided: number;
  readonly forks: readonly ForkReport[];
  /** Journals that the answering box refuses to go on with, and why. */
  readonly refused: readonly { readonly box: BoxId; readonly reason: string }[];
  /** Kinds of rows that a box of another version knows nothing of. */
  readonly skipped: readonly string[];
  /** Names of the rooms in `differences` and `being_written`, as the answering box has them. */
  readonly room_names: Readonly<Record<string, string>>;
}

export interface ComparedBoxStatus {
  readonly box: BoxId;
  readonly name: string;
  readonly compared: boolean;
  /** Why not, for people; empty when it was. */
  readonly why: string;
}

export interface RowName {
  /** What rows of this kind are, in plain words. */
  readonly about: string;
  readonly key: readonly (string | number)[];
}

export interface RowDifference extends RowName {
  /** Of each compared box the hash of its row, null where it has none. */
  readonly found: Readonly<Record<BoxId, string | null>>;
}

/** One entry of a journal is not the same on two boxes. */
export interface ForkReport {
  /** Whose journal it is. */
  readonly of: BoxId;
  readonly origin: string;
  readonly seq: number;
  readonly between: readonly [BoxId, BoxId];
}
