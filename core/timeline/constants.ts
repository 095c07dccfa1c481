/** Events of a page when the client names no number (spec default of `/messages` and `/context`). */
export const PAGE_EVENTS_DEFAULT = 10;
/** Events of one page at most; with their JSON about 1 MB. */
export const PAGE_EVENTS_MAX = 500;
/** Timeline rows that one page may look at while it skips what the client may not see or did not ask for. */
export const PAGE_SCAN_MAX = 5000;
/** Timeline rows read at once. */
export const SCAN_CHUNK_ROWS = 100;
/** Own member events followed back to learn when a user left; a longer story counts as never joined. */
export const MEMBERSHIP_CHAIN_MAX = 50;
/** Log rows read for each box to find the lowest event that a vector does not cover. */
export const FLOOR_LOG_ROWS_MAX = 20_000;
/** Children of one event that an aggregation looks at; a thread beyond it shows this count. */
export const AGGREGATED_CHILDREN_MAX = 1000;
/** Events named in an `m.reference` aggregation. */
export const REFERENCES_MAX = 100;
/** `/relations` with `recurse` follows children of children this far (the spec asks for at least 3). */
export const RECURSION_DEPTH = 3;
/** Relation rows that one request of `/relations` with `recurse` reads. */
export const RELATION_ROWS_MAX = 10_000;
/** Relation types of one event that are told apart; more come from nobody but a vandal. */
export const RELATION_TYPES_MAX = 100;
/** Events whose children are read at once. */
export const RELATION_READS_AT_ONCE = 32;
/** How long a page waits for what its token covers: replication takes milliseconds where a link is up. */
export const CATCH_UP_MS = 300;
