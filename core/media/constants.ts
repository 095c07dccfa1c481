/** How long an ID made without content waits for it, in ms: the specification's 24 hours. */
export const UNUSED_MEDIA_MS = 24 * 60 * 60_000;
/** How long a download waits for an upload when the client does not say, in ms (specification). */
export const DOWNLOAD_WAIT_DEFAULT_MS = 20_000;
/** Longest wait that a client may ask for, in ms. */
export const DOWNLOAD_WAIT_MAX_MS = 60_000;
/** How often a waiting download looks whether the upload is there, in ms; few ever wait. */
export const DOWNLOAD_POLL_MS = 250;
/** Random bytes of a media ID: who does not know it cannot guess it. */
export const MEDIA_ID_BYTES = 24;
/** Bytes of a file name, as file systems have it. */
export const FILE_NAME_BYTES_MAX = 255;
/** Characters of a content type. */
export const CONTENT_TYPE_CHARACTERS_MAX = 255;
/** Bytes of an image of which a thumbnail is made; it is held in memory meanwhile. */
export const THUMBNAIL_SOURCE_BYTES_MAX = 20 * 1024 * 1024;
