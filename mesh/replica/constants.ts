/** The channel of replication on a link. */
export const CHANNEL = "replica";

/** Every limit of replication; times in milliseconds. */

/** An own entry is given this long to arrive by gossip before a stream pushes it: 20 times the median. */
export const GOSSIP_GRACE_MS = 120;
/** Boxes that made nothing of what was written learn of it this much later: well within the grace. */
export const TELL_MS = 40;
/** Text of one batch on a stream, UTF-16 units; the transport's frames hold 4 MiB. */
export const BATCH_LENGTH_MAX = 512 * 1024;
export const BATCH_ENTRIES_MAX = 500;
/** Batches that a peer has not confirmed; two keep both sides busy and memory small. */
export const BATCHES_IN_FLIGHT_MAX = 2;
/** A batch that is not confirmed by now is sent again from what the peer last said it has. */
export const BATCH_TIMEOUT_MS = 10_000;
/** Groups larger than this go by stream alone; gossip is for what is small and urgent. */
export const GOSSIP_LENGTH_MAX = 256 * 1024;
/** Entries that wait for their causes; what does not fit is sent again by a stream later. */
export const WAITING_ENTRIES_MAX = 4000;
export const WAITING_LENGTH_MAX = 16 * 1024 * 1024;
/** Origins with a refused entry that are remembered: boxes go wrong one by one. */
export const REFUSED_MAX = 20;
/** A write waits at most this long for the reachable boxes, unless the owner set otherwise. */
export const ACK_WAIT_MS = 250;
/** A peer that misses more entries than this is catching up, and writes do not wait for it. */
export const ACK_LAG_MAX = 1000;
/** Requests that wait for acknowledgements at one time. */
export const ACK_WAITERS_MAX = 10_000;
/** Vectors are said again this often, in case both sides believe that nothing is missing. */
export const VECTOR_INTERVAL_MS = 5_000;
/** The journal grows to so many times a limit before it is cut back to it, so that cuts are few. */
export const JOURNAL_SLACK_TIMES = 1.25;
/** Batches of entries dropped at one look; the rest goes at the next, so that writes are not held up. */
export const CUT_BATCHES_MAX = 100;
/** Boxes, past members included, whose last word is kept. */
export const HEARD_BOXES_MAX = 1000;
