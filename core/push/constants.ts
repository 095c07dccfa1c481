/** Pushers of one user: one for each app of each phone, several times over. */
export const PUSHERS_PER_USER_MAX = 100;
/** Pushers of all users that one event is matched against. */
export const PUSHERS_MAX = 10_000;
/** Characters of an app ID (spec: 64). */
export const APP_ID_CHARACTERS_MAX = 64;
/** Bytes of a pushkey (spec: 512). */
export const PUSHKEY_BYTES_MAX = 512;
/** Bytes of a pusher's JSON; keys of web push are the longest part. */
export const PUSHER_BYTES_MAX = 8192;
/** Rooms of one user whose unread messages are counted for the number on the app's icon. */
export const COUNTED_ROOMS_MAX = 2000;
/** Older notifications are given up: nobody wants to be told of yesterday's messages, milliseconds. */
export const NOTIFICATIONS_KEPT_MS = 24 * 3_600_000;
/** Notifications that wait for one gateway; older ones are given up for newer ones. */
export const NOTIFICATIONS_WAITING_MAX = 200;
/** Milliseconds until a push gateway counts as out of reach; it asks another server in turn. */
export const GATEWAY_TIMEOUT_MS = 15_000;
/** Bytes of a gateway's answer: the rejected pushkeys of one request, with room to spare. */
export const GATEWAY_ANSWER_BYTES_MAX = 64 * 1024;
/** Gateways of whom it is remembered what number they were told last. */
export const TOLD_BADGES_MAX = 1000;
