/** Bytes of a JSON body: an event may have 64 KiB, lists of invites and state some more. */
export const BODY_BYTES_MAX = 1024 * 1024;
/** Bytes of uploaded key backups: clients send thousands of sessions of about 1 KiB at once. */
export const BACKUP_BODY_BYTES_MAX = 32 * 1024 * 1024;
/** Bytes of a body that carries something for each device of many users. */
export const FANOUT_BODY_BYTES_MAX = 8 * 1024 * 1024;
/** Nesting of a JSON body; deeper ones would exhaust the stack of whoever walks them. */
export const JSON_DEPTH_MAX = 200;
/** Bytes of a decoded path parameter; IDs have 255 at most, file names more. */
export const PARAMETER_BYTES_MAX = 1024;
/** Bytes read and dropped after an early answer, so that the client gets to see it. */
export const DISCARD_BYTES_MAX = 16 * 1024 * 1024;
/** Bytes of the request line and headers: filters and tokens travel in the query. */
export const HEADER_BYTES_MAX = 64 * 1024;

/** Connections that may be open; each idle one holds about 10 KiB and a file. */
export const CONNECTIONS_MAX = 2048;
/** How long headers may take to arrive, in ms. */
export const HEADERS_TIMEOUT_MS = 20_000;
/** How long a whole request may take to arrive, in ms: 50 MiB over a slow line. */
export const REQUEST_TIMEOUT_MS = 30 * 60_000;
/** How long a connection may be silent, in ms. Longer than the longest long poll. */
export const SILENCE_TIMEOUT_MS = 180_000;
/** How long an idle connection is kept for the next request, in ms. */
export const KEEP_ALIVE_MS = 75_000;
/** How long running requests may take once the box stops, in ms. */
export const DRAIN_MS = 3000;

/** Operations whose bodies may be larger than `BODY_BYTES_MAX`. */
const LARGE_BODIES: ReadonlyMap<string, number> = new Map([
  ["putRoomKeys", BACKUP_BODY_BYTES_MAX],
  ["putRoomKeysByRoomId", BACKUP_BODY_BYTES_MAX],
  ["sendToDevice", FANOUT_BODY_BYTES_MAX],
  ["uploadKeys", FANOUT_BODY_BYTES_MAX],
  ["uploadCrossSigningSignatures", FANOUT_BODY_BYTES_MAX],
]);

export function bodyBytesMax(operationId: string): number {
  return LARGE_BODIES.get(operationId) ?? BODY_BYTES_MAX;
}
