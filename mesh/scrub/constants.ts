/** How slowly a box reads everything on its disk, to find what has rotted. */
export interface ScrubPace {
  /** From the end of one pass to the next, milliseconds: rot is rare, and a week of it is mended as well. */
  readonly intervalMs: number;
  /** Bytes read each second: a twentieth of what an SD card gives, and a gigabyte in 17 minutes. */
  readonly bytesPerS: number;
  /** From the start to the first pass, milliseconds: a box that starts has better things to do. */
  readonly firstMs: number;
}

const HOUR_MS = 3_600_000;

export const SCRUB_PACE: ScrubPace = {
  intervalMs: 7 * 24 * HOUR_MS,
  bytesPerS: 1024 * 1024,
  firstMs: HOUR_MS / 6,
};

/** Bytes read at once, after each of which there is a pause: a millisecond of work on a Pi. */
export const READ_BYTES = 64 * 1024;
/** Looks at the list of tables before a box believes that there is none: a store that opens makes a new one. */
export const LIST_LOOKS_MAX = 3;
