/** One-time keys in one upload; clients send about 50. Each is a record of the transaction. */
export const ONE_TIME_KEYS_PER_UPLOAD_MAX = 500;
/** Unclaimed one-time keys of a device; what comes beyond is refused. */
export const ONE_TIME_KEYS_PER_DEVICE_MAX = 2000;
/** Devices asked for in one claim: a room of 200 people with five devices each. */
export const CLAIMS_PER_REQUEST_MAX = 1000;
/** Bytes of canonical JSON of one key object with its signatures. */
export const KEY_BYTES_MAX = 16_384;
/** Characters of `<algorithm>:<key ID>`. */
export const KEY_NAME_CHARACTERS_MAX = 255;
/** Keys looked at to find some of this box's own: more than one, for claims that run at once. */
export const CANDIDATES_MAX = 16;
/** Looks for a key when concurrent claims took all candidates; twenty claims at once need two. */
export const ATTEMPTS_MAX = 5;
/** Rows of one-time keys read at once; claimed ones stay as tombstones and are passed over. */
export const ROWS_PER_READ = 500;
/** Claims that other boxes are asked for at the same time. */
export const BORROWS_AT_ONCE_MAX = 8;
/** Users in one `/keys/query`. */
export const USERS_PER_QUERY_MAX = 10_000;
/** Signatures in one upload; clients send one for each device they verify. */
export const SIGNATURES_PER_UPLOAD_MAX = 500;
