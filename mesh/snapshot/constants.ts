/** Every limit of copying a store; times in milliseconds. */

/** Rows go in parcels of about this many bytes: a few frames of the transport, little to send again. */
export const PARCEL_BYTES = 256 * 1024;
/** One parcel with a single row may be so large; the longest document history is far smaller. */
export const PARCEL_BYTES_MAX = 32 * 1024 * 1024;
/** Rows read at once: 100 kB of typical ones, a bearable 200 MB of the largest. */
export const READ_ROWS = 100;
/** Bytes written with one sync: a second of a slow SD card. */
export const WRITE_BYTES = 1024 * 1024;
/** The keys of core's tables hold up to seven IDs of 255 bytes. */
export const KEY_BYTES_MAX = 4096;

/** A copy that was cut off is gone on with, if its reader is back within this time. */
export const KEPT_MS = 600_000;
/** Silence of the other box after which its stream counts as cut. */
export const SILENCE_MS = 15_000;
/** From a cut to the next try, and how often a copy that brought nothing new is tried in a row. */
export const RESUME_MS = 2000;
export const RESUMES_MAX = 20;
/** A box whose copy failed for good is asked for another one after this time. */
export const AGAIN_MS = 30_000;

/** From one look whether a copy is needed to the next. */
export const LOOK_MS = 1000;
/** It is needed when it was at every look of this time: boxes that just met have not said everything. */
export const NEED_MS = 3000;
/** Rows that are carried over, or applied after a copy, at a time. */
export const CARRY_ROWS = 200;
