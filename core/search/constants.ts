/** Events that one request looks at, newest first: about half a second of a small computer's time. */
export const SEARCH_SCAN_EVENTS_MAX = 20_000;
/** Rows read at once of one room, and of each room to begin with, where there may be many. */
export const SEARCH_CHUNK_ROWS = 200;
export const SEARCH_FIRST_CHUNK_ROWS = 20;
/** Matches that are ranked against each other; older ones come with the next page. */
export const SEARCH_RANKED_MAX = 1000;
/** Results of one page when the filter names no number, and at most. */
export const SEARCH_RESULTS_DEFAULT = 10;
export const SEARCH_RESULTS_MAX = 50;
/** Events around a result, on each side: what the specification says, and at most. */
export const SEARCH_CONTEXT_EVENTS_DEFAULT = 5;
export const SEARCH_CONTEXT_EVENTS_MAX = 20;
/** Rooms that one search goes through. */
export const SEARCH_ROOMS_MAX = 1000;
/** Characters of a search term; matching takes time for each word. */
export const SEARCH_TERM_CHARACTERS_MAX = 256;
