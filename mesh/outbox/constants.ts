/** How often a box tells the others whom it sees, and looks whether work has become its own, milliseconds. */
export const TICK_MS = 5000;
/**
 * A box that nobody has seen for this long is away, and the next one does what it left undone,
 * milliseconds. Longer than a restart, so that a box which is updated keeps its work.
 */
export const AWAY_MS = 30_000;
/** From its start a box leaves alone what earlier lives began until the others have said what is done. */
export const RETURN_MS = 5000;
/** A box that cannot catch up does what is waiting all the same after this long, milliseconds. */
export const BEHIND_MS_MAX = 300_000;
/**
 * What is done is written down this long after it was, or when there is this much of it: a
 * transaction for each effect would wear the card. Until then the other boxes know it by word of mouth.
 */
export const RECORD_MS = 60_000;
/** As many done effects are written down at once, without further delay. */
export const RECORD_EFFECTS = 100;
/** Wait before a target that failed for the first time is tried again, milliseconds; it doubles each time. */
export const RETRY_MS_MIN = 1000;
/** Longest such wait, milliseconds: how long a phone may wait for news after its gateway came back. */
export const RETRY_MS_MAX = 15 * 60_000;
/** Part of a wait that is left to chance, so that what failed together is not tried again together. */
export const RETRY_JITTER = 0.25;
/** Targets of one lane that are being reached at one time: connections and memory of a small box. */
export const TARGETS_AT_ONCE_MAX = 8;
/** Effects of one lane that are held in memory; further ones wait on disk until there is room. */
export const IN_HAND_MAX = 2000;
/** Rows read at once when looking for effects on disk. */
export const SCAN_ROWS = 200;
/** Effects of which other boxes have said that they are done, though it is not written down yet. */
export const HEARD_MAX = 10_000;
/** Bytes of one frame between boxes. */
export const FRAME_BYTES_MAX = 256 * 1024;
/** When a box stops: how long what is under way may take to end, milliseconds. */
export const STOP_GRACE_MS = 3000;
