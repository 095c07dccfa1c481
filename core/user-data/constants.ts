/** Bytes of one account data event; `m.direct` of a person with thousands of chats fits. */
export const ACCOUNT_DATA_BYTES_MAX = 262_144;
/** Bytes of a filter: some hundreds of rooms and senders by name. */
export const FILTER_BYTES_MAX = 65_536;
/** Tags of one room; people use a handful. */
export const TAGS_PER_ROOM_MAX = 100;
/** Bytes of an account data type or tag, as of any identifier. */
export const NAME_BYTES_MAX = 255;
