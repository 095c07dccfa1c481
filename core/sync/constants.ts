/** Longest wait of one request; clients ask for 30 s. Proxies cut connections that idle longer. */
export const SYNC_TIMEOUT_MS_MAX = 60_000;
/** Timeline events of a room when the filter names no number. */
export const TIMELINE_EVENTS_DEFAULT = 10;
/** Timeline events of a room at most; the rest is for `/messages`. */
export const TIMELINE_EVENTS_MAX = 200;
/**
 * Log rows read of one room for each box. A client that missed more gets the newest events as a limited
 * timeline and the full state, which costs the same however long it was away.
 */
export const ROOM_LOG_ROWS_MAX = 500;
/** New events of one room that are followed back to what the client knows; beyond, its state is sent whole. */
export const NEW_EVENTS_SEARCHED_MAX = 2000;
/** New events of one room that are followed back to what the client takes its user for, each time the room has news. */
export const OWN_PAST_SEARCHED_MAX = 500;
/** Timeline events looked at to fill a part of a room's timeline with ones that the user may see. */
export const INITIAL_SCAN_ROWS_MAX = 1000;
/** Log rows of a user, a device or the device lists read for each box; beyond it all is sent again. */
export const TOPIC_ROWS_MAX = 2000;
/** Rooms of one user. */
export const ROOMS_MAX = 10_000;
/** State events of one room; auth rules and size limits keep real rooms far below. */
export const ROOM_STATE_MAX = 100_000;
/** Rooms assembled at once, so that range reads overlap without filling the thread pool. */
export const ROOMS_AT_ONCE = 8;
/** Receipts of one room sent with a first sync, newest user IDs cut off beyond. */
export const RECEIPTS_MAX = 5000;
/** To-device messages in one response (spec: 100 at most). */
export const TO_DEVICE_MAX = 100;
/** Members of a room whose presence, device lists and heroes are worked out one by one. */
export const MEMBERS_MAX = 20_000;
/** Members of a room whose list is kept between requests; longer lists are read again. */
export const REMEMBERED_MEMBERS_MAX = 2000;
/** `m.heroes` (spec: 5). */
export const HEROES_MAX = 5;
/** Presence topics that one waiting request listens to. */
export const PRESENCE_TOPICS_MAX = 500;
/** Devices whose lazily loaded members are remembered; each remembers up to the number below. */
export const LAZY_DEVICES_MAX = 500;
/** Member events remembered as sent to one device; a forgotten one is sent again, which is allowed. */
export const LAZY_MEMBERS_MAX = 2000;
/** Rooms times users whose unread counts are kept; each entry is below 10 kB. */
export const UNREAD_ENTRIES_MAX = 5000;
/** Events looked at to count what is unread; clients show "99+". */
export const UNREAD_WALK_MAX = 300;
/** Users and rooms whose lists are kept decoded between requests. */
export const LISTS_MAX = 1000;
/** A presence is said again after this long; it holds for 5 minutes. */
export const PRESENCE_RENEWED_MS = 3 * 60_000;
