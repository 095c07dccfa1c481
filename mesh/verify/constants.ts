/** Every limit of comparing boxes; times in milliseconds. */

/** Rows read at once: 200 kB of typical rows, 13 MB of the largest events. */
export const ROWS_AT_ONCE = 200;
/** Rows under one hash, on average; a power of two. 100,000 events make 2,000 buckets, 200 kB to send. */
export const BUCKET_ROWS = 256;
/** Buckets of one table that are held in memory: 50 million rows, 30 MB. */
export const BUCKETS_MAX = 200_000;
/** A box that reads much says this often that it is still there, in rows: half a second on a Pi. */
export const ALIVE_ROWS = 10_000;
/** A box that says nothing for this long cannot be compared. */
export const SILENCE_MS = 30_000;
/** Snapshots held for comparing boxes at a time: each keeps old files of the store alive. */
export const SESSIONS_MAX = 4;
/** A snapshot that nobody reads from for this long is let go. */
export const SESSION_MS = 60_000;
/** Looks for a moment at which all boxes have the same entries; people who write keep them apart. */
export const OPEN_ATTEMPTS = 20;
export const OPEN_PAUSE_MS = 250;
/** Looks at what differed, until it agrees, or surely differs. An entry arrives within a second. */
export const LOOKS_MAX = 12;
export const LOOK_PAUSE_MS = 1_000;
/** Differing rows of a table that are looked at again, of each box; a damaged one has more than anybody reads. */
export const KEYS_MAX = 500;
/** Keys in one question, and so rows that are looked at again: a table's of all other boxes, which are six. */
export const LOOK_KEYS_MAX = 6 * KEYS_MAX;
/** Longest key that is taken from another box, UTF-16 units: a room, a type and a state key have 800. */
export const KEY_LENGTH_MAX = 8192;
/** Longest line of an answer, UTF-16 units: a vector of 2,000 lives has 60,000. */
export const LINE_LENGTH_MAX = 262_144;
/** Lives whose journals are compared: as many as a store may hold. */
export const PLACES_MAX = 30_000;
/** Places of forks that are told: one is bad enough. */
export const FORKS_MAX = 20;
/** An answer is sent in chunks of about this many UTF-16 units. */
export const CHUNK_LENGTH = 32_768;
